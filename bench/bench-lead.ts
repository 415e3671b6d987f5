import * as z from 'zod';
import type { Place } from './places.ts';

/** The body that the bare Worker parses and the router routes: what a website's form sends. */
export const benchLeadSchema = z.strictObject({
  source: z.string().max(64),
  externalId: z.string().max(200),
  firstName: z.string().max(200),
  lastName: z.string().max(200),
  email: z.string().max(320),
  phone: z.string().max(64),
  postalCode: z.string().max(20),
  service: z.string().max(80),
  metadata: z.record(z.string(), z.string()),
});

export type BenchLead = z.output<typeof benchLeadSchema>;

/** Another person with every number, up to eight million of them. */
export function makeBenchLead(number: number, place: Place): BenchLead {
  const digits = String(2_000_000 + (number % 8_000_000));
  return {
    source: 'bench',
    externalId: `form-${number}`,
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: `ada.${number}@example.com`,
    phone: `+1617${digits}`,
    postalCode: place.postalCode,
    service: 'drain-cleaning',
    metadata: { page: '/drains/clogged', campaign: 'spring' },
  };
}
