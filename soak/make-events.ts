// Makes the genuine webhooks a little ahead of sending them: people become contacts at HighLevel, and what locations do with the leads
// that have reached them.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Brand } from './prepare.ts';
import type { SandboxClient } from './sandbox-client.ts';
import type { SoakEvent } from './soak-event.ts';
import { signWebhook } from './webhook.ts';
import { DELIVERED_TAG } from '../edge-router/src/rules/tags.ts';

/** Of each so many webhooks four are of the kinds that make no lead; where no lead is known to tell more of, another person comes. */
const CYCLE = 20;
const AT_ONCE = 6;
const WAIT_MS = 20;
const LEADS_LOOKED_UP = 50;

interface Delivered {
  readonly id: string;
  readonly leadId: string;
  readonly locationId: string;
  readonly contactId: string;
  readonly opportunityId: string;
}

export interface EventFeed {
  /** The next one, as soon as it is made; null after the last one. */
  readonly take: () => Promise<SoakEvent | null>;
}

interface Making {
  readonly pool: pg.Pool;
  readonly sandbox: SandboxClient;
  readonly brand: Brand;
  readonly sign: (body: Buffer) => string;
  readonly webhooks: number;
  /** Made and not yet sent, at most. */
  readonly ahead: number;
}

export function startMakingEvents(making: Making): EventFeed {
  const ready: SoakEvent[] = [];
  const people: { contactId: string; details: Record<string, unknown> }[] = [];
  const findDelivered = createDeliveredFinder(making.pool);
  const { sign, brand, webhooks } = making;
  const master = brand.master.locationId;
  let begun = 0;
  let made = 0;
  let failure: unknown = null;

  async function makePerson(number: number): Promise<SoakEvent> {
    const details = {
      firstName: 'Soak',
      lastName: `Number ${number}`,
      email: `soak.${number}@example.com`,
      phone: `+1617${2_000_000 + number * 7}`,
      postalCode: brand.zips[number % brand.zips.length] ?? '',
    };
    const contactId = await making.sandbox.makeContact(details, brand.master);
    people.push({ contactId, details });
    const payload = { locationId: master, id: contactId, ...details, tags: [] };
    return {
      webhook: signWebhook(sign, 'ContactCreate', payload),
      meaning: { kind: 'person', contactId, email: details.email },
    };
  }

  function makeUpdate(number: number): SoakEvent | null {
    const person = people[number % people.length];
    if (!person) return null;
    const payload = { locationId: master, id: person.contactId, ...person.details, tags: ['newsletter'] };
    return {
      webhook: signWebhook(sign, 'ContactUpdate', payload),
      meaning: { kind: 'update', contactId: person.contactId },
    };
  }

  async function makeLifeEvent(kind: 'echo' | 'won' | 'contacted'): Promise<SoakEvent | null> {
    const delivered = await findDelivered();
    if (!delivered) return null;
    const { leadId, locationId, contactId, opportunityId } = delivered;
    if (kind === 'echo') {
      const payload = { locationId, id: contactId, tags: [DELIVERED_TAG] };
      return { webhook: signWebhook(sign, 'ContactCreate', payload), meaning: { kind, contactId } };
    }
    const meaning = { kind: 'stage', leadId, stage: kind } as const;
    if (kind === 'won') {
      const payload = { locationId, id: opportunityId, contactId, status: 'won' };
      return { webhook: signWebhook(sign, 'OpportunityStatusUpdate', payload), meaning };
    }
    const payload = { locationId, contactId, userId: 'a person there', messageType: 'SMS', direction: 'outbound' };
    return { webhook: signWebhook(sign, 'OutboundMessage', payload), meaning };
  }

  async function make(number: number): Promise<SoakEvent> {
    const others: (() => SoakEvent | null | Promise<SoakEvent | null>)[] = [
      () => makeUpdate(number),
      () => makeLifeEvent('echo'),
      () => makeLifeEvent('won'),
      () => makeLifeEvent('contacted'),
    ];
    // Spread over the cycle.
    const other = number % 5 === 4 ? others[((number % CYCLE) - 4) / 5] : undefined;
    return (await other?.()) ?? makePerson(number);
  }

  async function makeAll(): Promise<void> {
    while (begun < webhooks) {
      if (ready.length >= making.ahead) await delay(WAIT_MS);
      else {
        begun++;
        ready.push(await make(begun - 1));
        made++;
      }
    }
  }

  for (let maker = 0; maker < AT_ONCE; maker++) {
    void makeAll().catch((error: unknown) => {
      failure = error;
    });
  }

  return {
    take: async () => {
      for (;;) {
        const event = ready.shift();
        if (event) return event;
        if (failure !== null) throw failure;
        if (made >= webhooks) return null;
        await delay(WAIT_MS);
      }
    },
  };
}

/** Leads that have reached their location, each once; null while there is none or Postgres is away. */
function createDeliveredFinder(pool: pg.Pool): () => Promise<Delivered | null> {
  const known: Delivered[] = [];
  let lastId = '00000000-0000-0000-0000-000000000000';
  let asking: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    const { rows } = await pool.query<Delivered>(
      `select id, lead_id as "leadId", ghl_location_id as "locationId", contact_id as "contactId", opportunity_id as "opportunityId"
       from deliveries where status = 'delivered' and id > $1 and opportunity_id is not null order by id limit ${LEADS_LOOKED_UP}`,
      [lastId],
    );
    known.push(...rows);
    lastId = rows.at(-1)?.id ?? lastId;
  };
  return async () => {
    if (known.length === 0) {
      asking ??= ask().finally(() => {
        asking = null;
      });
      await asking.catch(() => undefined);
    }
    return known.shift() ?? null;
  };
}
