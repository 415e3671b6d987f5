import { Hono } from 'hono';
import * as z from 'zod';
import {
  eraseArchivedLeads,
  erasePersonKeys,
  erasePersonLeads,
  type ErasedLeads,
} from '../../../db/queries/erase-person.ts';
import { listArchivedMonths } from '../../../db/queries/list-archived-months.ts';
import { listLeadMonths } from '../../../db/queries/list-lead-months.ts';
import { recordErasure } from '../../../db/queries/record-erasure.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { readJson } from '../http/body.ts';
import { createKeyedHash } from '../http/hash.ts';
import { toProblem } from '../http/problem.ts';
import { personKeyInputs } from '../leads/rules/normalise.ts';
import { parseEmail } from '../rules/email.ts';
import { parsePhone } from '../rules/phone.ts';

const BODY_LIMIT_BYTES = 4 * 1024;

/** The body of `POST /v1/people/erase`. */
export const eraseBodySchema = z
  .strictObject({
    email: z
      .string()
      .transform((text) => parseEmail(text))
      .refine((email) => email !== null, { error: 'not an e-mail address' })
      .optional(),
    phone: z
      .string()
      .max(64)
      .transform((text) => parsePhone(text, 'US')?.e164 ?? null)
      .refine((phone) => phone !== null, { error: 'not a phone number' })
      .optional(),
  })
  .refine(({ email, phone }) => email !== undefined || phone !== undefined, { error: 'an e-mail, a phone, or both' });

export const erasedSchema = z.object({
  leads: z.number(),
  events: z.number().describe('what came by webhook, whose content is gone'),
  contacts: z
    .array(z.object({ ghlLocationId: z.string(), contactId: z.string() }))
    .describe('the person’s contacts in HighLevel, which are not deleted from here'),
});

interface EraseRouteDeps {
  readonly deps: AppDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `POST /v1/people/erase`: forgets a person, month by month. Asked again, it goes on where it stopped, and erases what came since. */
export function createEraseRoutes({ deps, requireScope }: EraseRouteDeps): Hono<AppEnv> {
  const hashPerson = createKeyedHash(deps.config.personHashKey);
  return new Hono<AppEnv>().post('/erase', requireScope('people:erase'), async (c) => {
    const body = await readJson(c.req.raw, eraseBodySchema, BODY_LIMIT_BYTES);
    if (!body.ok) return toProblem(body.error, c.var.requestId);
    const { email = null, phone = null } = body.value;
    const hashes = personKeyInputs({ email, phone }).map((text) => hashPerson(text));
    const person = { email, phone, hashes };
    let leads = 0;
    const contacts: ErasedLeads['contacts'] = [];
    let events = await erasePersonKeys(deps.database, person);
    const count = (erased: ErasedLeads): void => {
      leads += erased.leads;
      events += erased.events;
      contacts.push(...erased.contacts);
    };
    for (const month of await listLeadMonths(deps.database))
      count(await erasePersonLeads(deps.database, person, month));
    // After the leads, so that a month that is archived meanwhile is looked into here.
    for (const table of await listArchivedMonths(deps.database))
      count(await eraseArchivedLeads(deps.database, person, table));
    await recordErasure(deps.database, { apiKeyId: c.var.apiKey.id, hashes, leads, events });
    deps.log({ event: 'person_erased', requestId: c.var.requestId, leads, events });
    return c.json({ leads, events, contacts });
  });
}
