import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { countOutcome } from './count-outcome.ts';
import { createLedger, type SentForgery } from './ledger.ts';

type Rows = Readonly<Record<string, unknown>>[];

const lead = {
  id: 'lead-1',
  externalId: 'contact-1',
  email: 'soak.1@example.com',
  status: 'assigned',
  stage: 'won',
  ghlLocationId: 'sub-1',
  deliveries: 1,
};
const parked = {
  ...lead,
  id: 'lead-2',
  externalId: 'contact-2',
  email: 'soak.2@example.com',
  status: 'parked',
  stage: null,
};
const contact = { id: 'delivered-1', locationId: 'sub-1', email: 'soak.1@example.com' };
const seat = { id: 'location-1', used: 1, cap: 1, leads: 1 };
const event = (id: string) => ({ id, body: '', headers: {} });

const allRight = {
  leads: [lead, { ...parked, ghlLocationId: null, deliveries: 0 }] as Rows,
  accepted: [{ id: 'event-1' }, { id: 'event-2' }, { id: 'event-3' }] as Rows,
  capacity: [seat] as Rows,
  unhandled: [] as Rows,
  contacts: [contact],
  opportunities: [{ id: 'opportunity-1', contactId: 'delivered-1' }],
  enrolments: [{ contactId: 'delivered-1', count: 1 }],
  forged: { kind: 'forged', webhook: event('forgery-1'), answer: '401' } as SentForgery,
};

async function listFaults(changed: Partial<typeof allRight>): Promise<[string, readonly string[]][]> {
  const scene = { ...allRight, ...changed };
  const ledger = createLedger();
  ledger.acknowledged.push(
    { webhook: event('event-1'), meaning: { kind: 'person', contactId: 'contact-1', email: lead.email } },
    { webhook: event('event-2'), meaning: { kind: 'person', contactId: 'contact-2', email: parked.email } },
    { webhook: event('event-3'), meaning: { kind: 'stage', leadId: 'lead-1', stage: 'won' } },
    { webhook: event('echo'), meaning: { kind: 'echo', contactId: 'delivered-1' } },
  );
  ledger.forgeries.push(scene.forged);
  const query = (sql: string): Promise<{ rows: Rows }> => Promise.resolve({ rows: choose(sql) });
  const choose = (sql: string): Rows => {
    if (sql.includes('location_capacity')) return scene.capacity;
    if (sql.includes('from leads')) return scene.leads;
    if (sql.includes('handled_at is null')) return scene.unhandled;
    return sql.includes('webhook_events') ? scene.accepted : [];
  };
  const { contacts, opportunities, enrolments } = scene;
  const { faults } = await countOutcome({
    pool: { query } as unknown as pg.Pool,
    ledger,
    highlevel: { contacts: [{ id: 'contact-1', locationId: 'master' }, ...contacts], opportunities, enrolments },
    masterLocationId: 'master',
  });
  return faults.map(({ what, ids }) => [what, ids]);
}

describe('the count of what came of it all', () => {
  it('finds nothing where all is right', async () => {
    expect(await listFaults({})).toEqual([]);
  });

  it.each([
    ['an event is missing', { accepted: [{ id: 'event-1' }, { id: 'event-3' }] }, 'acknowledged and not stored'],
    ['a lead is missing', { leads: [lead] }, 'acknowledged and no lead'],
    ['a person is two leads', { leads: [...allRight.leads, { ...parked, id: 'lead-3' }] }, 'more than one lead'],
    ['a contact is missing', { contacts: [] }, 'assigned and not in its sub-account'],
    ['a contact is there twice', { contacts: [contact, { ...contact, id: 'delivered-1' }] }, 'more than one contact'],
    [
      'a contact is elsewhere too',
      { contacts: [contact, { ...contact, locationId: 'sub-2' }] },
      'a contact where its lead is not',
    ],
    ['a delivery did not end', { leads: [{ ...lead, deliveries: 0 }, parked] }, 'assigned and not delivered once'],
    ['an opportunity is missing', { opportunities: [] }, 'a contact without an opportunity'],
    [
      'there are two opportunities',
      { opportunities: [...allRight.opportunities, ...allRight.opportunities] },
      'more than one opportunity',
    ],
    [
      'a workflow ran twice',
      { enrolments: [{ contactId: 'delivered-1', count: 2 }] },
      'the workflow was started more than once',
    ],
    ['a workflow did not run', { enrolments: [] }, 'a contact whose workflow was not started'],
    ['a stage is missing', { leads: [{ ...lead, stage: null }, parked] }, 'not in the stage that its location told of'],
    ['a cap was passed', { capacity: [{ ...seat, used: 2, leads: 2 }] }, 'more leads than the cap'],
    ['a seat is nobody’s', { capacity: [{ ...seat, leads: 0 }] }, 'seats taken are not leads assigned'],
    ['a forgery got in', { accepted: [...allRight.accepted, { id: 'forgery-1' }] }, 'a forgery was stored as an event'],
    [
      'a stranger is a lead',
      { leads: [...allRight.leads, { ...parked, externalId: 'x', email: 'stranger@example.com' }] },
      'a forgery became a lead',
    ],
    [
      'a forgery was let in',
      { forged: { ...allRight.forged, answer: '200 accepted' } },
      'a forgery was answered otherwise',
    ],
    ['an event waits', { unhandled: [{ id: 'event-1' }] }, 'an event was not handled'],
  ])('finds it when %s', async (_name, changed, what) => {
    expect((await listFaults(changed)).map(([found]) => found)).toContain(what);
  });
});
