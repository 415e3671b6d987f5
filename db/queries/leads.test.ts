import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { ensureLeadPartitions } from './ensure-lead-partitions.ts';
import { findLead } from './find-lead.ts';
import { recordLeadEvent } from './record-lead-event.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

/** A UUIDv7 of a time of our choosing. */
function idAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${uuidv7().slice(13)}`;
}

async function insertLead(id: string): Promise<string> {
  const { rows } = await test.pool.query<{ partition: string }>(
    `insert into leads (id, created_at, source, status) values ($1, uuid_extract_timestamp($1), 'test', 'parked')
     returning tableoid::regclass::text as partition`,
    [id],
  );
  return rows[0]?.partition ?? '';
}

const partitionOf = (id: string) =>
  test.pool.query<{ partition: string }>('select tableoid::regclass::text as partition from leads where id = $1', [id]);

it('makes the months of last month to some ahead, once, also when two ask at the same time', async () => {
  const made = await Promise.all([1, 2, 3, 4].map(() => ensureLeadPartitions(database, { monthsAhead: 6 })));
  expect(made.flat()).toHaveLength(3);
  expect(new Set(made.flat()).size).toBe(3);
  expect(await ensureLeadPartitions(database, { monthsAhead: 6 })).toEqual([]);
});

it('stores a lead of any month, and moves it into its own when that is made', async () => {
  const now = new Date();
  const far = idAt(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 8, 15)));
  const old = idAt(new Date(Date.UTC(now.getUTCFullYear() - 2, 0, 15)));
  expect(await insertLead(far)).toBe('leads_default');
  expect(await insertLead(old)).toBe('leads_default');
  await ensureLeadPartitions(database, { monthsAhead: 8 });
  expect((await partitionOf(far)).rows[0]?.partition).toMatch(/^leads_\d{4}_\d{2}$/);
  expect(await findLead(database, far)).toMatchObject({ leadId: far, status: 'parked' });
  expect(await findLead(database, old)).toMatchObject({ leadId: old });
});

it('reads a lead from the one partition that its id names', async () => {
  const id = uuidv7();
  const partition = await insertLead(id);
  const { rows } = await test.pool.query<{ 'QUERY PLAN': string }>(
    `explain (costs off) select * from leads where id = '${id}' and created_at = uuid_extract_timestamp('${id}')`,
  );
  const scans = rows.map((row) => row['QUERY PLAN']).filter((line) => /scan/i.test(line));
  expect(scans).toHaveLength(1);
  expect(scans[0]).toContain(partition);
});

it('tells a lead’s events in order, each piece of news once', async () => {
  const leadId = uuidv7();
  await insertLead(leadId);
  const event = { leadId, kind: 'delivered', detail: { attempt: 1 }, messageId: 'msg_1' };
  await recordLeadEvent(database, event);
  await recordLeadEvent(database, { ...event, detail: { attempt: 2 } });
  await recordLeadEvent(database, { ...event, kind: 'contacted', messageId: 'msg_2' });
  const found = await findLead(database, leadId);
  expect(found?.events).toMatchObject([{ kind: 'delivered', detail: { attempt: 1 } }, { kind: 'contacted' }]);
});

it('finds nothing for an id that no lead has', async () => {
  expect(await findLead(database, uuidv7())).toBeNull();
});
