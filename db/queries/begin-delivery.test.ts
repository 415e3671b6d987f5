import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { leadIdAt } from '../testing/assign-lead-request.ts';
import { beginDelivery } from './begin-delivery.ts';

let pool: TestDatabase['pool'];
let test: TestDatabase;
let database: Database;
let moves = 0;

beforeAll(async () => {
  test = await createTestDatabase();
  ({ pool } = test);
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 10_000 });
});

afterAll(() => test.drop());

async function storeLead(): Promise<string> {
  const id = leadIdAt(Date.now());
  await pool.query(
    `insert into leads (id, created_at, source, status) values ($1, uuid_extract_timestamp($1::uuid), 'site', 'assigned')`,
    [id],
  );
  return id;
}

/** In one sub-account. */
async function storeDelivery(leadId: string, status: string, contactId: string | null): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into deliveries (lead_id, location_id, move, ghl_location_id, status, contact_id)
     values ($1, gen_random_uuid(), $2, 'sub-1', $3, $4) returning id`,
    [leadId, moves++, status, contactId],
  );
  return rows[0]?.id ?? '';
}

const begin = async (id: string): Promise<string> =>
  (await beginDelivery(database, { id, turn: 1, leaseSeconds: 60 })).status;

async function statusOf(id: string): Promise<string | undefined> {
  return (await pool.query<{ status: string }>('select status from deliveries where id = $1', [id])).rows[0]?.status;
}

it('a withdrawal does not take their contact from a later lead, and an earlier one does not keep it', async () => {
  const [first, second] = [await storeLead(), await storeLead()];
  const withdrawal = await storeDelivery(first, 'withdrawing', 'contact-1');
  const later = await storeDelivery(second, 'delivered', 'contact-1');
  expect([await begin(withdrawal), await statusOf(withdrawal)]).toEqual(['over', 'cancelled']);
  await pool.query(`update deliveries set status = 'withdrawing' where id = $1`, [later]);
  await pool.query(`update deliveries set status = 'delivered' where id = $1`, [withdrawal]);
  expect(await begin(later)).toBe('begun');
});

it('a lead that comes back waits for the end of its withdrawal', async () => {
  const lead = await storeLead();
  const withdrawal = await storeDelivery(lead, 'withdrawing', 'contact-2');
  expect(await begin(withdrawal)).toBe('begun');
  const back = await storeDelivery(lead, 'pending', null);
  expect(await begin(back)).toBe('busy');
  await pool.query(`update deliveries set status = 'withdrawn', lease_until = null where id = $1`, [withdrawal]);
  expect(await begin(back)).toBe('begun');
});
