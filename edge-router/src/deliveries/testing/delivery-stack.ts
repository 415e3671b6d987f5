import { expect } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../local/testing/test-database.ts';
import { createTestRedis } from '../../../../local/testing/test-redis.ts';
import { takeJobs } from '../../backtests/testing/deliver-jobs.ts';
import type { MortalWorker } from '../../onboarding/testing/mortal-worker.ts';
import { createTestHighlevel, type TestHighlevel } from '../../testing/test-highlevel.ts';
import type { SentMessage } from '../../testing/test-router.ts';
import { csvOf, testRow } from '../../testing/test-rows.ts';
import { followAssignments } from '../follow-assignments.ts';
import { runDelivery, type DeliveryDeps } from '../run-delivery.ts';
import { createSubAccountFacts } from '../sub-account-facts.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

/** Of the two locations, A and B. */
interface Places {
  readonly locationIds: readonly string[];
  readonly subAccounts: readonly string[];
}

interface DeliveryJobs {
  /** Forgets what QStash holds and how much later it was. */
  readonly reset: () => void;
  /** What a delivery is run with, by the router or a worker beside it, as a new isolate. */
  readonly depsOf: (worker?: Pick<MortalWorker, 'deps' | 'highlevel'>) => DeliveryDeps;
  /** Messages of deliveries that QStash holds, each once. */
  readonly takeMessages: () => SentMessage[];
  /** Does what the news of the outbox ask for, as its job would. */
  readonly announce: () => Promise<SentMessage[]>;
  /** Runs messages and all that follow from them, until nothing is left to do or it was tried so often. */
  readonly work: (messages: readonly SentMessage[], options?: { maxRounds?: number }) => Promise<void>;
}

interface DeliveryClient {
  readonly setUp: (document: Record<string, unknown>) => Promise<void>;
  /** Routes a lead of a new person to A. */
  readonly sendLead: (more?: Record<string, unknown>) => Promise<{ leadId: string; email: string }>;
  /** The lead's first delivery. */
  readonly find: (leadId: string) => Promise<Json>;
  readonly lead: (leadId: string) => Promise<Json>;
  /** What a sub-account has of a person; A's where none is named. */
  readonly holdings: (email: string, ghlLocationId?: string) => Promise<Json>;
}

export interface DeliveryStack extends Places, DeliveryJobs, DeliveryClient {
  readonly test: TestHighlevel;
  readonly database: TestDatabase;
  readonly deliver: (leadId: string) => Promise<Json>;
  readonly stop: () => Promise<void>;
}

/** The router and a sandbox of HighLevel, where two locations have a sub-account each; a test is QStash itself. */
export async function startDeliveryStack(): Promise<DeliveryStack> {
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  const test = await createTestHighlevel({ database, redis: redis.redis });
  const places = await addPlaces(test);
  const jobs = createJobs(test);
  const client = createClient(test, places);
  return {
    test,
    database,
    ...places,
    ...jobs,
    ...client,
    deliver: async (leadId) => {
      await jobs.work(await jobs.announce());
      return client.find(leadId);
    },
    stop: async () => {
      await test.stop();
      await redis.stop();
      await database.drop();
    },
  };
}

async function addPlaces({ sandbox, router }: TestHighlevel): Promise<Places> {
  const { locationIds: subAccounts } = await sandbox.admin('POST', 'seed', { locations: 2 });
  const rows = ['A', 'B'].map((code) => testRow({ 'Franchise Code': code }));
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: { 'content-type': 'text/csv' } });
  const { items } = (await (await router.send('GET', '/v1/locations')).json()) as Json;
  const locationIds: string[] = [];
  for (const [index, code] of ['A', 'B'].entries()) {
    const { id } = items.find(({ franchiseCode }: Json) => franchiseCode === code);
    locationIds.push(id);
    await router.send('PATCH', `/v1/locations/${id}`, { body: { ghlLocationId: subAccounts[index] } });
  }
  return { locationIds, subAccounts };
}

function createJobs(test: TestHighlevel): DeliveryJobs {
  let laterMs = 0;
  /** Of deliveries; all else has the real clock. */
  const nowMs = (): number => Date.now() + laterMs;
  const router = { deps: test.router.deps, highlevel: test.highlevel };
  const depsOf: DeliveryJobs['depsOf'] = ({ deps, highlevel } = router) => ({
    ...deps,
    nowMs,
    highlevel,
    facts: createSubAccountFacts(deps),
  });
  const takeMessages = (): SentMessage[] => takeJobs(test.router, 'deliver-lead');
  return {
    reset: () => {
      laterMs = 0;
      test.router.sent.length = 0;
    },
    depsOf,
    takeMessages,
    announce: async () => {
      for (const { body } of takeJobs(test.router, 'lead-events')) {
        const { events } = JSON.parse(body);
        await followAssignments(test.router.deps, events);
        // The job may run twice.
        await followAssignments(test.router.deps, events);
      }
      return takeMessages();
    },
    work: async (messages, { maxRounds = 40 } = {}) => {
      let waiting = messages;
      for (let round = 0; round < maxRounds && waiting.length > 0; round++) {
        for (const { body, delay = 0 } of waiting) {
          laterMs += delay * 1000;
          await runDelivery(depsOf(), JSON.parse(body)).catch(() => null);
        }
        waiting = takeMessages();
      }
    },
  };
}

function createClient({ sandbox, router }: TestHighlevel, { subAccounts }: Places): DeliveryClient {
  let people = 0;
  const get = async (path: string): Promise<Json> => (await router.send('GET', path)).json();
  return {
    setUp: async (document) => {
      expect((await router.send('PUT', '/v1/settings/leads', { body: document })).status).toBe(200);
    },
    sendLead: async (more = {}) => {
      const number = ++people;
      const email = `ann.${number}@example.com`;
      const phone = `+1617555${String(1000 + number)}`;
      const body = { source: 'site', firstName: 'Ann', lastName: `No ${number}`, email, phone, location: 'A', ...more };
      const answer = await router.send('POST', '/v1/leads', { body });
      expect(answer.status).toBe(201);
      await router.settle();
      return { leadId: ((await answer.json()) as Json).leadId, email };
    },
    find: async (leadId) => (await get(`/v1/deliveries?leadId=${leadId}`)).items[0],
    lead: (leadId) => get(`/v1/leads/${leadId}`),
    holdings: async (email, ghlLocationId = subAccounts[0]) => {
      const all = await sandbox.admin('GET', 'export');
      const contacts = all.contacts.filter((one: Json) => one.email === email && one.locationId === ghlLocationId);
      const ids = new Set(contacts.map(({ id }: Json) => id));
      return {
        contacts,
        opportunities: all.opportunities.filter(({ contactId }: Json) => ids.has(contactId)),
        started: all.enrolments.filter(({ contactId }: Json) => ids.has(contactId)).map(({ count }: Json) => count),
      };
    },
  };
}
