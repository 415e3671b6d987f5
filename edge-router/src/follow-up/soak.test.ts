// People become contacts of the master sub-account while one part after the other, and then two at once, are away: HighLevel's signed
// webhooks, the router, QStash' jobs and the deliveries into HighLevel, all over HTTP. HighLevel's sandbox sends all of its webhooks
// itself, echoes of our own deliveries too, some late and some twice. `soak/` kills the processes of a deployed bundle instead.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../local/testing/eventually.ts';
import { runEveryMinute } from '../jobs/sweep.ts';
import { startBatchStack, type BatchStack, type Outage } from '../onboarding/testing/batch-stack.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const CONTACTS = 150;
const AT_ONCE = 4;
/** A second here is so many of QStash's and of all that waits in Postgres. */
const TIME_SCALE = 30;
const OUTAGE_MS = 1500;
const PAUSE_MS = 700;
const TICK_MS = 500;
const CAPS = ['40', '25', '', ''];
const SETTLE_TIMEOUT_MS = 240_000;

let stack: BatchStack;
let master = '';
const stopping = new AbortController();
let clock: Promise<void>;

beforeAll(async () => {
  stack = await startBatchStack({ qstashTimeScale: TIME_SCALE, sandboxSettings: { rateLimits: { enabled: false } } });
  const { sandbox } = stack.test;
  const { locationIds } = await sandbox.admin('POST', 'seed', { locations: CAPS.length + 1 });
  master = locationIds[0];
  const zips = ['02134', '02135', '02139', '02140'];
  const rows = CAPS.map((cap, index) =>
    testRow({ 'Franchise Code': `S${index}`, 'Capacity Limit': cap, 'Zip Code': zips[index] ?? '' }),
  );
  const headers = { 'content-type': 'text/csv' };
  await stack.test.router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers });
  const { items } = (await (await stack.test.router.send('GET', '/v1/locations')).json()) as Json;
  for (const [index, { id }] of items.entries()) {
    const body = { ghlLocationId: locationIds[index + 1] };
    await stack.test.router.send('PATCH', `/v1/locations/${id}`, { body });
  }
  const body = { master: { ghlLocationId: master } };
  await stack.test.router.send('PUT', '/v1/settings/leads', { body });
  clock = runClock();
});

afterAll(async () => {
  stopping.abort();
  await clock;
  await stack.stop();
});

/** What waits in Postgres runs down at the scale, and the minute's Cron fires by it. */
async function runClock(): Promise<void> {
  const more = ((TIME_SCALE - 1) * TICK_MS) / 1000;
  for (let ticks = 1; !stopping.signal.aborted; ticks++) {
    await delay(TICK_MS);
    for (const [table, ...columns] of waits) {
      const changes = columns.map((column) => `${column} = ${column} - interval '${more} s'`).join(', ');
      const where = columns.map((column) => `${column} is not null`).join(' or ');
      await stack.database.pool.query(`update ${table} set ${changes} where ${where}`).catch(() => null);
    }
    if (ticks % Math.ceil(60_000 / TIME_SCALE / TICK_MS) === 0)
      await runEveryMinute(stack.test.router.app, stack.test.router.deps);
  }
}

const waits = [
  ['deliveries', 'lease_until', 'next_try_at'],
  ['outbox_messages', 'claimed_until'],
  ['webhook_events', 'next_try_at'],
] as const;

async function createContacts(): Promise<string[]> {
  const token = await stack.test.sandbox.locationToken(master);
  const made: string[] = [];
  const numbers = Array.from({ length: CONTACTS }, (_, index) => index);
  const takeNext = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const phone = `+1617${String(2_000_000 + number * 7)}`;
      const body = {
        locationId: master,
        firstName: 'Soak',
        email: `soak.${number}@example.com`,
        phone,
        postalCode: '02134',
      };
      const { status, json } = await stack.test.sandbox.call('POST', '/contacts/', { token, body });
      expect(status).toBe(201);
      made.push(json.contact.id);
      if (number % 100 === 99) process.stdout.write(`  ${made.length} of ${CONTACTS} contacts\n`);
      // Spread over all outages.
      await delay(300);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeNext));
  return made;
}

/** Each part once, then each two of them; again and again while people come. */
async function causeOutages(isOver: () => boolean): Promise<number> {
  const { postgres, redis, qstash } = stack.outages;
  const turns: readonly (readonly Outage[])[] = [
    [redis],
    [postgres],
    [qstash],
    [redis, postgres],
    [redis, qstash],
    [postgres, qstash],
  ];
  let outages = 0;
  for (let turn = 0; turn < turns.length || !isOver(); turn++) {
    const away = turns[turn % turns.length] ?? [];
    await delay(PAUSE_MS);
    await Promise.all(away.map(({ begin }) => begin()));
    await delay(OUTAGE_MS);
    await Promise.all(away.map(({ end }) => end()));
    outages += away.length;
  }
  return outages;
}

async function count(sql: string): Promise<number> {
  const { rows } = await stack.database.pool.query<{ count: number }>(sql);
  return rows[0]?.count ?? -1;
}

const OPEN = `select ((select count(*) from webhook_events where outcome = 'accepted' and handled_at is null)
  + (select count(*) from deliveries where status in ('pending', 'withdrawing'))
  + (select count(*) from outbox) + (select count(*) from outbox_messages))::int as count`;

it(
  `${CONTACTS} people, parts away one after the other and two at once: none lost, none twice`,
  { timeout: SETTLE_TIMEOUT_MS + 600_000 },
  async () => {
    let isOver = false;
    const creating = createContacts().finally(() => {
      isOver = true;
    });
    const [contactIds, outages] = await Promise.all([creating, causeOutages(() => isOver)]);
    const settled = async (): Promise<void> => {
      await stack.test.sandbox.admin('POST', 'webhooks/hasten');
      expect(await count(`select count(distinct external_id)::int from leads where source = 'highlevel'`)).toBe(
        CONTACTS,
      );
      expect(await count(OPEN)).toBe(0);
    };
    await eventually(settled, { timeoutMs: SETTLE_TIMEOUT_MS, intervalMs: 500 });

    const { rows: leads } = await stack.database.pool.query<{ external_id: string; status: string; email: string }>(
      `select external_id, status, email from leads where source = 'highlevel'`,
    );
    const { contacts, enrolments } = await stack.test.sandbox.admin('GET', 'export');
    const delivered = contacts.filter(({ locationId }: Json) => locationId !== master);
    const started = new Map<string, number>(enrolments.map(({ contactId, count: times }: Json) => [contactId, times]));
    const assigned = leads.filter(({ status }) => status === 'assigned');
    const emailsOf = (list: readonly { email: string }[]): string[] => list.map(({ email }) => email);
    const byExternalId = new Set(leads.map(({ external_id: id }) => id));
    const table = {
      contacts: contactIds.length,
      outages,
      stored: await count(`select count(*)::int from webhook_events where ghl_location_id = '${master}'`),
      assigned: assigned.length,
      parked: leads.filter(({ status }) => status === 'parked').length,
      delivered: delivered.length,
      twice: leads.length - byExternalId.size + delivered.length - new Set(emailsOf(delivered)).size,
      'started twice': [...started.values()].filter((times) => times > 1).length,
      lost: contactIds.filter((id) => !byExternalId.has(id)).length,
    };
    console.table(table);
    expect(table).toMatchObject({ twice: 0, 'started twice': 0, lost: 0, contacts: CONTACTS });
    expect(new Set(emailsOf(delivered))).toEqual(new Set(emailsOf(assigned)));
    expect(await count('select count(*)::int from location_capacity where used > daily_cap')).toBe(0);
  },
);
