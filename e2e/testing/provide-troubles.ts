import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readExample, type SheetRow } from './locations-csv.ts';
import { askRouter } from './stack.ts';

const HONOLULU = { City: 'Honolulu', State: 'HI', 'Zip Code': '96813', Timezone: 'Pacific/Honolulu' };
const ANCHORAGE = { City: 'Anchorage', State: 'AK', 'Zip Code': '99501', Timezone: 'America/Anchorage' };

/** Who had leads that went wrong: ids of the leads, by what is told of each. */
export interface Troubles {
  readonly parked: string;
  readonly refused: string;
}

/** A lead that no location can take, and one that HighLevel cannot be asked for: it has neither e-mail nor phone. */
export async function provideTroubles(): Promise<Troubles> {
  await provideLocation('E2E-ANC', { ...ANCHORAGE, 'Sub-account Id': 'e2eSubAccountOfNobody' });
  return {
    parked: await sendLead({ postalCode: '36606', service: 'moon-landing' }, 'parked'),
    refused: await sendLead({ postalCode: ANCHORAGE['Zip Code'] }, 'assigned'),
  };
}

/** A lead whose location has no sub-account: nobody will touch it. */
export async function provideForgottenLead(): Promise<string> {
  await provideLocation('E2E-HNL', HONOLULU);
  return sendLead({ postalCode: HONOLULU['Zip Code'], email: `${randomUUID()}@example.com` }, 'assigned');
}

async function provideLocation(franchiseCode: string, cells: SheetRow): Promise<void> {
  const [row = {}] = readExample('locations-25.csv');
  const rows = [{ ...row, ...cells, 'Location Name': franchiseCode, 'Franchise Code': franchiseCode, Active: 'yes' }];
  await askRouter({ method: 'POST', path: '/v1/locations/import', body: { rows } }, z.unknown());
}

async function sendLead(fields: object, status: 'assigned' | 'parked'): Promise<string> {
  const body = { source: 'e2e', externalId: randomUUID(), ...fields };
  const answered = z.object({ leadId: z.string(), status: z.literal(status) });
  return (await askRouter({ method: 'POST', path: '/v1/leads', body }, answered)).leadId;
}
