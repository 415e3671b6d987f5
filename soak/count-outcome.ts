// What came of it all, counted in Postgres by plain SQL and in HighLevel's sandbox, and held against what the sender knows.
import type pg from 'pg';
import { expectedAnswers, forgeryKinds, type ForgeryKind } from './forge.ts';
import type { Ledger } from './ledger.ts';
import type { SandboxExport } from './sandbox-client.ts';

interface LeadRow {
  readonly id: string;
  readonly externalId: string;
  readonly email: string;
  readonly status: string;
  readonly stage: string | null;
  readonly ghlLocationId: string | null;
  readonly deliveries: number;
}

/** Something that must not be, and whom it concerns. */
export interface Fault {
  readonly what: string;
  readonly ids: readonly string[];
}

export interface Outcome {
  readonly sent: number;
  readonly acknowledged: number;
  readonly givenUp: number;
  readonly refused: number;
  readonly unanswered: number;
  /** Of those acknowledged: told of our own deliveries, which nothing is kept of. */
  readonly echoes: number;
  readonly stored: number;
  readonly people: number;
  readonly assigned: number;
  readonly parked: number;
  readonly delivered: number;
  readonly seatsTaken: number;
  readonly seats: number;
  readonly twice: number;
  readonly lost: number;
  readonly forgeries: readonly { readonly kind: ForgeryKind; readonly sent: number; readonly answers: string }[];
  readonly faults: readonly Fault[];
}

interface Counting {
  readonly pool: pg.Pool;
  readonly ledger: Ledger;
  readonly highlevel: SandboxExport;
  readonly masterLocationId: string;
}

export async function countOutcome(counting: Counting): Promise<Outcome> {
  const { pool, ledger, highlevel, masterLocationId } = counting;
  const leads = await readLeads(pool);
  const stored = await readAccepted(pool);
  const capacity = await readCapacity(pool);
  const delivered = highlevel.contacts.filter(({ locationId }) => locationId !== masterLocationId);
  const lost = [
    ...judgeStored(ledger, stored),
    ...judgePeople(ledger, leads),
    ...judgeUndelivered(leads, delivered),
    ...judgeUnfinished(delivered, highlevel),
    ...judgeStages(ledger, leads),
  ];
  const twice = [...judgeTwice(leads, delivered), ...judgeStartedTwice(highlevel)];
  const others = [...judgeCapacity(capacity), ...judgeForgeries(ledger, { stored, leads }), ...(await judgeRest(pool))];
  const countIds = (faults: readonly Fault[]): number => faults.reduce((sum, { ids }) => sum + ids.length, 0);
  return {
    sent: ledger.sent.length,
    acknowledged: ledger.acknowledged.length,
    givenUp: ledger.givenUp.length,
    refused: ledger.attempts.get('429') ?? 0,
    unanswered: [...ledger.attempts].reduce(
      (sum, [status, count]) => (/^(none|5..)$/.test(status) ? sum + count : sum),
      0,
    ),
    echoes: ledger.acknowledged.filter(({ meaning }) => meaning.kind === 'echo').length,
    stored: ledger.acknowledged.filter(({ webhook }) => stored.has(webhook.id)).length,
    people: new Set(leads.map(({ externalId }) => externalId)).size,
    assigned: leads.filter(({ status }) => status === 'assigned').length,
    parked: leads.filter(({ status }) => status === 'parked').length,
    delivered: delivered.length,
    seatsTaken: capacity.reduce((sum, { used }) => sum + used, 0),
    seats: capacity.reduce((sum, { cap }) => sum + (cap ?? 0), 0),
    twice: countIds(twice),
    lost: countIds(lost),
    forgeries: describeForgeries(ledger),
    faults: [...lost, ...twice, ...others].filter(({ ids }) => ids.length > 0),
  };
}

async function readLeads(pool: pg.Pool): Promise<LeadRow[]> {
  const { rows } = await pool.query<LeadRow>(`
    select l.id, l.external_id as "externalId", l.email, l.status, l.stage, k.ghl_location_id as "ghlLocationId",
      (select count(*) from deliveries d where d.lead_id = l.id and d.status = 'delivered')::int as deliveries
    from leads l left join location_keys k on k.id = l.location_id`);
  return rows;
}

async function readAccepted(pool: pg.Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ id: string }>(`select id from webhook_events where outcome = 'accepted'`);
  return new Set(rows.map(({ id }) => id));
}

interface SeatRow {
  readonly id: string;
  readonly used: number;
  readonly cap: number | null;
  readonly leads: number;
}

/** Of each location and day that has seats taken, or leads. */
async function readCapacity(pool: pg.Pool): Promise<SeatRow[]> {
  const { rows } = await pool.query<SeatRow>(`
    select coalesce(c.location_id, l.location_id) || ' ' || coalesce(c.day, l.assigned_day) as id, coalesce(c.used, 0) as used,
      coalesce(c.daily_cap, k.daily_cap) as cap, coalesce(l.leads, 0)::int as leads
    from location_capacity c
    full join (
      select location_id, assigned_day, count(*) as leads from leads where status = 'assigned' group by location_id, assigned_day
    ) l on l.location_id = c.location_id and l.assigned_day = c.day
    left join locations k on k.id = coalesce(c.location_id, l.location_id)`);
  return rows;
}

function judgeStored({ acknowledged }: Ledger, stored: ReadonlySet<string>): Fault[] {
  const wanted = acknowledged.filter(({ meaning }) => meaning.kind !== 'echo');
  const missing = wanted.filter(({ webhook }) => !stored.has(webhook.id)).map(({ webhook }) => webhook.id);
  return [{ what: 'acknowledged and not stored', ids: missing }];
}

function judgePeople({ acknowledged }: Ledger, leads: readonly LeadRow[]): Fault[] {
  const known = new Set(leads.map(({ externalId }) => externalId));
  const people = acknowledged.flatMap(({ meaning }) => (meaning.kind === 'person' ? [meaning.contactId] : []));
  return [{ what: 'acknowledged and no lead', ids: people.filter((id) => !known.has(id)) }];
}

type Contact = SandboxExport['contacts'][number];

function judgeUndelivered(leads: readonly LeadRow[], contacts: readonly Contact[]): Fault[] {
  const there = new Set(contacts.map(({ locationId, email }) => `${locationId} ${email}`));
  const assigned = leads.filter(({ status }) => status === 'assigned');
  const missing = assigned.filter(({ ghlLocationId, email }) => !there.has(`${ghlLocationId} ${email}`));
  const unfinished = assigned.filter(({ deliveries }) => deliveries !== 1);
  return [
    { what: 'assigned and not in its sub-account', ids: missing.map(({ id }) => id) },
    { what: 'assigned and not delivered once', ids: unfinished.map(({ id }) => id) },
  ];
}

/** What belongs to a lead's contact beside itself. */
function judgeUnfinished(contacts: readonly Contact[], { opportunities, enrolments }: SandboxExport): Fault[] {
  const without = (those: readonly { contactId: string }[]): string[] => {
    const having = new Set(those.map(({ contactId }) => contactId));
    return contacts.filter(({ id }) => !having.has(id)).map(({ id }) => id);
  };
  return [
    { what: 'a contact without an opportunity', ids: without(opportunities) },
    { what: 'a contact whose workflow was not started', ids: without(enrolments) },
  ];
}

function judgeTwice(leads: readonly LeadRow[], contacts: readonly Contact[]): Fault[] {
  const rightPlaces = new Map(
    leads.map(({ email, status, ghlLocationId }) => [email, status === 'assigned' ? ghlLocationId : null]),
  );
  const misplaced = contacts.filter(({ email = '', locationId }) => rightPlaces.get(email) !== locationId);
  return [
    { what: 'more than one lead', ids: findRepeated(leads.map(({ externalId }) => externalId)) },
    { what: 'taken for a duplicate', ids: leads.filter(({ status }) => status === 'duplicate').map(({ id }) => id) },
    { what: 'more than one contact', ids: findRepeated(contacts.map(({ email = '' }) => email)) },
    { what: 'a contact where its lead is not', ids: misplaced.map(({ id }) => id) },
  ];
}

function judgeStartedTwice({ enrolments, opportunities }: SandboxExport): Fault[] {
  const again = enrolments.filter(({ count }) => count > 1).map(({ contactId }) => contactId);
  return [
    { what: 'the workflow was started more than once', ids: again },
    { what: 'more than one opportunity', ids: findRepeated(opportunities.map(({ contactId }) => contactId)) },
  ];
}

function judgeStages({ acknowledged }: Ledger, leads: readonly LeadRow[]): Fault[] {
  const stages = new Map(leads.map(({ id, stage }) => [id, stage]));
  const behind = acknowledged.flatMap(({ meaning }) =>
    meaning.kind === 'stage' && stages.get(meaning.leadId) !== meaning.stage ? [meaning.leadId] : [],
  );
  return [{ what: 'not in the stage that its location told of', ids: behind }];
}

function judgeCapacity(rows: readonly SeatRow[]): Fault[] {
  return [
    {
      what: 'more leads than the cap',
      ids: rows.filter(({ used, cap }) => cap !== null && used > cap).map(({ id }) => id),
    },
    {
      what: 'seats taken are not leads assigned',
      ids: rows.filter(({ used, leads }) => used !== leads).map(({ id }) => id),
    },
  ];
}

function judgeForgeries(
  { forgeries }: Ledger,
  { stored, leads }: { stored: ReadonlySet<string>; leads: readonly LeadRow[] },
): Fault[] {
  const forged = forgeries.filter(({ kind }) => kind !== 'replayed' && kind !== 'late');
  const misjudged = forgeries.filter(({ kind, answer }) => !expectedAnswers[kind].includes(answer));
  const strangers = leads.filter(({ email }) => !email.startsWith('soak.'));
  return [
    {
      what: 'a forgery was stored as an event',
      ids: forged.filter(({ webhook }) => stored.has(webhook.id)).map(({ webhook }) => webhook.id),
    },
    { what: 'a forgery became a lead', ids: strangers.map(({ id }) => id) },
    { what: 'a forgery was answered otherwise', ids: misjudged.map(({ kind, answer }) => `${kind}: ${answer}`) },
  ];
}

/** What must be over. */
async function judgeRest(pool: pg.Pool): Promise<Fault[]> {
  const checks = {
    'an event was not handled': `select id from webhook_events where outcome = 'accepted' and handled_at is null`,
    'a delivery is not over': `select id::text from deliveries where status in ('pending', 'withdrawing', 'failed')`,
    'news was not told': 'select id::text from outbox union all select id::text from outbox_messages',
  };
  const faults: Fault[] = [];
  for (const [what, sql] of Object.entries(checks)) {
    const { rows } = await pool.query<{ id: string }>(sql);
    faults.push({ what, ids: rows.map(({ id }) => id) });
  }
  return faults;
}

function describeForgeries({ forgeries }: Ledger): Outcome['forgeries'] {
  const byKind = Map.groupBy(forgeries, ({ kind }) => kind);
  return forgeryKinds.map((kind) => {
    const sent = byKind.get(kind) ?? [];
    const answers = [...Map.groupBy(sent, ({ answer }) => answer)].map(([answer, list]) => `${answer}: ${list.length}`);
    return { kind, sent: sent.length, answers: answers.join(', ') };
  });
}

function findRepeated(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    if (seen.has(value)) return true;
    seen.add(value);
    return false;
  });
}
