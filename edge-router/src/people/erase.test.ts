import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, mintApiKey, type TestRouter } from '../testing/test-router.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function send(path: string, body: unknown): Promise<{ status: number; json: Json }> {
  const answer = await router.send('POST', path, { body });
  return { status: answer.status, json: (await answer.json()) as Json };
}

/** Every text that any table has. */
async function readEverything(): Promise<string> {
  const { rows: tables } = await database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await database.pool.query(`select row_to_json(t)::text as text from ${name} t`);
    texts.push(...rows.map(({ text }) => String(text)));
  }
  return texts.join('\n');
}

const lead = (more: Record<string, unknown>): Record<string, unknown> => ({
  source: 'site',
  firstName: 'Wilhelmina',
  lastName: 'Quackenbush',
  email: 'Wilma@Example.com',
  phone: '(617) 555-0177',
  address: '12 Hidden Lane',
  postalCode: '02134',
  utm: { campaign: 'quackenbush' },
  consent: { text: 'Wilhelmina agreed' },
  metadata: { note: 'Wilhelmina called' },
  ...more,
});

it('a person is nowhere any more, by e-mail or phone, and all others are as they were', async () => {
  const source = (await (await router.send('PUT', '/v1/sources/form', { body: {} })).json()) as Json;
  await send('/v1/leads', lead({}));
  await send('/v1/leads', lead({ email: 'second@example.com', externalId: 'x-1' }));
  await send('/v1/leads', { source: 'site', email: 'other@example.com', firstName: 'Otto' });
  const headers = { 'x-switchyard-secret': source.secret };
  const posted = { mail: 'wilma@example.com', email: 'WILMA@example.com', name: 'Wilhelmina' };
  await router.send('POST', '/v1/webhooks/forms/form', { body: posted, headers, apiKey: null });
  await router.settle();
  const before = await readEverything();
  expect(before).toMatch(/wilma@example/i);

  const erased = await send('/v1/people/erase', { email: ' wilma@EXAMPLE.com ', phone: '617-555-0177' });
  expect(erased).toEqual({ status: 200, json: { leads: 2, events: 1, contacts: [] } });
  const after = await readEverything();
  expect(after).not.toMatch(/wilma|quackenbush|wilhelmina|hidden lane|5550177|555-0177/i);
  expect(after).toContain('other@example.com');
  expect(router.logged.join('\n')).not.toMatch(/wilma|quackenbush/i);
  const { rows } = await database.pool.query(
    'select leads, events, cardinality(person_hashes) as hashes from erasures',
  );
  expect(rows).toEqual([{ leads: 2, events: 1, hashes: 2 }]);

  expect((await send('/v1/people/erase', { email: 'wilma@example.com' })).json).toMatchObject({ leads: 0 });
  const again = await send('/v1/leads', lead({}));
  expect(again).toMatchObject({ status: 201, json: { replayed: false, duplicateOf: null } });
});

it('asks for an e-mail or a phone, and for a key that may', async () => {
  expect((await send('/v1/people/erase', {})).status).toBe(422);
  const bad = await send('/v1/people/erase', { email: 'no', phone: '12' });
  expect(bad.json.errors.map(({ field }: Json) => field)).toEqual(['email', 'phone']);
  const apiKey = await mintApiKey(router.deps, ['leads:write']);
  const body = { email: 'a@example.com' };
  expect((await router.send('POST', '/v1/people/erase', { body, apiKey })).status).toBe(403);
});
