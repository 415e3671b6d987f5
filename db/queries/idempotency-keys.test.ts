import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { assignLeadRequest, sha256 } from '../testing/assign-lead-request.ts';
import { countSeats, makeLocations } from '../testing/make-locations.ts';
import { assignLead, type AssignLeadRequest } from './assign-lead.ts';
import { assignLeads } from './assign-leads.ts';
import { purgeIdempotencyKeys } from './purge-idempotency-keys.ts';

let test: TestDatabase;
let database: Database;
let location: string;
let idempotencyKey: { apiKeyId: string; key: string };

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

beforeEach(async () => {
  [location = ''] = await makeLocations({ pool: test.pool, database }, [{}]);
  idempotencyKey = { apiKeyId: randomUUID(), key: 'k-1' };
});

async function assign(given: Partial<AssignLeadRequest> = {}) {
  const request = assignLeadRequest([location], { idempotencyKey, ...given });
  return { ...(await assignLead(database, request)), ownId: request.leadId };
}

/** As if the key of this test had come in so long ago. */
async function age(hours: number): Promise<void> {
  await test.pool.query(
    'update idempotency_keys set created_at = created_at - make_interval(hours => $2) where api_key_id = $1',
    [idempotencyKey.apiKeyId, hours],
  );
}

it('answers the same key and body with the first answer, without an id of the source', async () => {
  const first = await assign();
  expect(await assign()).toMatchObject({ status: 'replayed', leadId: first.ownId, locationId: location });
  expect(await countSeats(test.pool, [location])).toEqual([1]);
});

it('refuses the same key with another body, and takes it from another API key', async () => {
  const first = await assign();
  const bodyHash = sha256('other');
  expect(await assign({ bodyHash })).toMatchObject({ status: 'conflict', leadId: first.ownId });
  const others = { ...idempotencyKey, apiKeyId: randomUUID() };
  expect(await assign({ bodyHash, idempotencyKey: others })).toMatchObject({ status: 'assigned' });
});

it('forgets a key after 24 hours and not before', async () => {
  const first = await assign();
  await age(23);
  expect(await assign({ bodyHash: sha256('other') })).toMatchObject({ status: 'conflict', leadId: first.ownId });
  await age(1);
  const second = await assign({ bodyHash: sha256('other') });
  expect(second.status).toBe('assigned');
  expect(await assign({ bodyHash: sha256('other') })).toMatchObject({ status: 'replayed', leadId: second.ownId });
});

it('remembers a key that came with a lead seen before, and with one that was parked', async () => {
  const first = await assign({ externalId: 'known', idempotencyKey: null });
  expect(await assign({ externalId: 'known' })).toMatchObject({ status: 'replayed', leadId: first.ownId });
  expect(await assign({ bodyHash: sha256('other') })).toMatchObject({ status: 'conflict', leadId: first.ownId });
  const parked = await assign({ candidates: [], idempotencyKey: { ...idempotencyKey, key: 'k-2' } });
  expect(await assign({ idempotencyKey: { ...idempotencyKey, key: 'k-2' } })).toMatchObject({
    status: 'replayed',
    storedStatus: 'parked',
    leadId: parked.ownId,
  });
});

it('keeps no key of a call that wrote nothing', async () => {
  const [full = ''] = await makeLocations({ pool: test.pool, database }, [{ dailyCap: 0 }]);
  expect(await assignLead(database, assignLeadRequest([full], { idempotencyKey }))).toMatchObject({
    status: 'exhausted',
  });
  expect(await assign({ bodyHash: sha256('other') })).toMatchObject({ status: 'assigned' });
});

it('stores one lead of many that bring one key at the same moment, singly and in batches', async () => {
  const singly = Array.from({ length: 30 }, () => assign());
  const batches = Array.from({ length: 4 }, () =>
    assignLeads(
      database,
      Array.from({ length: 5 }, () => assignLeadRequest([location], { idempotencyKey })),
    ),
  );
  const answers = [...(await Promise.all(singly)), ...(await Promise.all(batches)).flat()];
  expect(answers.filter(({ status }) => status === 'assigned')).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 'replayed')).toHaveLength(49);
  expect(await countSeats(test.pool, [location])).toEqual([1]);
});

it('purges the keys past their day, the oldest first and so many at a time', async () => {
  for (const key of ['a', 'b', 'c']) await assign({ idempotencyKey: { ...idempotencyKey, key } });
  await age(25);
  await assign({ idempotencyKey: { ...idempotencyKey, key: 'd' } });
  await purgeIdempotencyKeys(database, { limit: 2 });
  await purgeIdempotencyKeys(database, { limit: 1000 });
  expect(await purgeIdempotencyKeys(database, { limit: 1000 })).toBe(0);
  const { rows } = await test.pool.query('select key from idempotency_keys where api_key_id = $1', [
    idempotencyKey.apiKeyId,
  ]);
  expect(rows).toEqual([{ key: 'd' }]);
});
