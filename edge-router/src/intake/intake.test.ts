import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { persistEvent } from '../highlevel/persist-event.ts';
import { createApp } from '../app.ts';
import { makeLeadWebhookSecret } from '../http/lead-webhook-secret.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database, receiver: { verify: () => Promise.resolve(true) } });
  const body = csvOf([testRow({ 'Franchise Code': 'A' })]);
  await router.send('POST', '/v1/locations/import', { body, headers: { 'content-type': 'text/csv' } });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function send(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
  const answer = await router.send(method, path, body === undefined ? {} : { body });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? null : JSON.parse(text) };
}

const makeSource = async (name: string, more: Record<string, unknown> = {}): Promise<Json> =>
  (await send('PUT', `/v1/sources/${name}`, more)).json;

async function post(
  source: Json,
  body: unknown,
  headers?: Record<string, string>,
): Promise<{ status: number; json: Json }> {
  const given = headers ?? { 'x-switchyard-secret': source.secret };
  const answer = await router.send('POST', new URL(source.url).pathname, { body, apiKey: null, headers: given });
  await router.settle();
  return { status: answer.status, json: (await answer.json()) as Json };
}

/** Does the jobs that were asked for, each twice. */
async function work(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (const message of router.sent.splice(0)) {
      for (let times = 0; times < 2; times++) {
        const answer = await router.send('POST', new URL(message.url).pathname, { body: message.body, apiKey: null });
        expect(answer.status).toBe(204);
      }
    }
    await router.settle();
  }
}

const event = async (id: string): Promise<Json> => (await send('GET', `/v1/events/${encodeURIComponent(id)}`)).json;
const lead = async (id: string): Promise<Json> => (await send('GET', `/v1/leads/${id}`)).json;

describe('a form', () => {
  it('is routed by its mapping, once, and its event says so', async () => {
    const mapping = { email: 'data.fields[name=your-mail].value', postalCode: 'data.zips[0]' };
    const source = await makeSource('landing', { mapping });
    const body = {
      data: { fields: [{ name: 'your-mail', value: 'di@example.com' }], zips: ['02134'] },
      firstName: 'Di',
      utm_campaign: 'fall',
    };
    const answer = await post(source, body);
    expect(answer).toMatchObject({ status: 202, json: { outcome: 'accepted' } });
    expect(await post(source, body)).toMatchObject({ status: 202, json: { outcome: 'duplicate' } });
    await work();
    const handled = await event(answer.json.eventId);
    expect(handled).toMatchObject({ outcome: 'accepted', handledAs: 'routed', source: 'landing', type: 'form' });
    expect(await lead(handled.leadId)).toMatchObject({
      status: 'assigned',
      source: 'landing',
      person: { firstName: 'Di', email: 'di@example.com' },
      place: { postalCode: '02134' },
      utm: { campaign: 'fall' },
    });
    const { json } = await send('GET', '/v1/leads?source=landing');
    expect(json.items).toHaveLength(1);
  });

  it('keeps with the lead what somebody agreed to, by its mapping or by what is called consent', async () => {
    const terms = 'I agree to receive text messages. Msg & data rates may apply.';
    const mapped = await makeSource('agreed', { mapping: { 'consent.sms': 'legal[name=sms].text', email: 'mail' } });
    const first = await post(mapped, { mail: 'gil@example.com', zip: '02134', legal: [{ name: 'sms', text: terms }] });
    const usual = await makeSource('agreed-2');
    const body = {
      email: 'hal@example.com',
      zip: '02134',
      'SMS-Consent': true,
      tcpa_text: terms,
      opt_in: '2026-11-26',
    };
    const second = await post(usual, body);
    await work();
    const leads = await Promise.all([first, second].map(async ({ json }) => lead((await event(json.eventId)).leadId)));
    expect(leads.map(({ consent }) => consent)).toEqual([
      { sms: terms },
      { smsconsent: 'true', tcpatext: terms, optin: '2026-11-26' },
    ]);
  });

  it('has no mapping of fields that no lead has', async () => {
    const mapping = { 'consent.': 'a', toString: 'b', favourite: 'c', email: '..' };
    const refused = await send('PUT', '/v1/sources/unmapped', { mapping });
    expect(refused.status).toBe(422);
    expect(refused.json.errors.map(({ field }: Json) => field)).toEqual([
      'mapping.consent.',
      'mapping.toString',
      'mapping.favourite',
      'mapping.email',
    ]);
  });

  it('of an ad platform is read by the usual names, and a posted form by its fields', async () => {
    const source = await makeSource('ads');
    const ad = {
      field_data: [
        { name: 'full_name', values: ['Eli Van Dam'] },
        { name: 'phone_number', values: ['+16175550199'] },
        { name: 'zip_code', values: ['02134'] },
      ],
    };
    const first = await post(source, ad);
    const form = 'Your-Email=flo%40example.com&zip=02134&first_name=Flo';
    const second = await post(source, form, {
      'x-switchyard-secret': source.secret,
      'content-type': 'application/x-www-form-urlencoded',
    });
    await work();
    const leads = await Promise.all([first, second].map(async ({ json }) => lead((await event(json.eventId)).leadId)));
    expect(leads.map(({ person }) => person)).toMatchObject([
      { firstName: 'Eli', lastName: 'Van Dam', phone: '+16175550199' },
      { firstName: 'Flo', email: 'flo@example.com' },
    ]);
  });

  it('that is no lead is kept, told so, and routed when the mapping was mended', async () => {
    const source = await makeSource('odd');
    const refused = await post(source, { antwort: { mail: 'gus@example.com' } });
    expect(refused).toMatchObject({ status: 422, json: { code: 'invalid_input' } });
    const { items } = (await send('GET', '/v1/events?outcome=rejected&source=odd')).json;
    expect(items).toMatchObject([{ reason: 'no_lead', handledAs: null }]);
    expect(JSON.stringify(items)).not.toContain('gus@');
    await makeSource('odd', { mapping: { email: 'antwort.mail' } });
    const replayed = await send('POST', `/v1/events/${encodeURIComponent(items[0].id)}/replay`);
    expect(replayed).toMatchObject({ status: 200, json: { outcome: 'accepted', handledAs: 'routed' } });
    const again = await send('POST', `/v1/events/${encodeURIComponent(items[0].id)}/replay`);
    expect(again.json).toMatchObject({ handledAs: 'routed_before', leadId: replayed.json.leadId });
  });

  it('that is no lead is no lead again when it is sent again, and accepted once it can be read', async () => {
    const source = await makeSource('stubborn');
    const body = { submission_id: 's-1', antwort: { mail: 'ned@example.com' } };
    expect((await post(source, body)).status).toBe(422);
    expect((await post(source, body)).status).toBe(422);
    await makeSource('stubborn', { mapping: { email: 'antwort.mail' } });
    const accepted = await post(source, body);
    expect(accepted).toMatchObject({ status: 202, json: { outcome: 'accepted' } });
    expect((await post(source, body)).json).toEqual({ outcome: 'duplicate', eventId: accepted.json.eventId });
    await work();
    expect(await event(accepted.json.eventId)).toMatchObject({
      outcome: 'accepted',
      reason: null,
      handledAs: 'routed',
    });
    expect((await send('GET', '/v1/events?source=stubborn')).json.items).toHaveLength(1);
  });

  it('that was routed is the same lead when it is replayed by another mapping', async () => {
    const source = await makeSource('changed');
    const first = await post(source, { email: 'ola@example.com', town: 'Boston', other: 'Salem' });
    await work();
    const { leadId } = await event(first.json.eventId);
    await makeSource('changed', { mapping: { city: 'other' } });
    const replayed = await send('POST', `/v1/events/${encodeURIComponent(first.json.eventId)}/replay`);
    expect(replayed.json).toMatchObject({ handledAs: 'routed_before', leadId });
  });

  it.each<[string, () => string, number]>([
    [
      'an endless contact id',
      () => JSON.stringify({ email: 'o@example.com', contact_id: randomBytes(6000).toString('hex') }),
      202,
    ],
    [
      'a contact id that is cut within a letter',
      () => JSON.stringify({ email: 'o@example.com', contact_id: `${'x'.repeat(63)}😀` }),
      202,
    ],
    [
      'a body as deep as Postgres does not go',
      () => `{"email":"o@example.com","a":${'['.repeat(6000)}${']'.repeat(6000)}}`,
      422,
    ],
    [
      'a body that has no end of depth',
      () => `{"email":"o@example.com","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      422,
    ],
  ])('with %s is answered as what it is', async (_, makeBody, status) => {
    const source = await makeSource('odd-bodies');
    const headers = { 'x-switchyard-secret': source.secret, 'content-type': 'application/json' };
    expect((await post(source, makeBody(), headers)).status).toBe(status);
  });

  it('may be signed instead, and takes the secret before as well until the next change', async () => {
    const source = await makeSource('signed');
    const body = JSON.stringify({ email: 'hal@example.com' });
    const signature = createHmac('sha256', source.secret).update(body).digest('hex');
    const headers = { 'x-switchyard-signature': `sha256=${signature}`, 'content-type': 'application/json' };
    expect((await post(source, body, headers)).status).toBe(202);
    const { json: next } = await send('POST', '/v1/sources/signed/rotate');
    expect(next.secret).not.toBe(source.secret);
    expect((await post(source, { email: 'ida@example.com' })).status).toBe(202);
    expect((await post(next, { email: 'jon@example.com' })).status).toBe(202);
    await send('POST', '/v1/sources/signed/rotate');
    expect((await post(source, { email: 'kim@example.com' })).status).toBe(401);
  });

  it.each<[string, (source: Json) => Record<string, string>]>([
    ['without a secret', () => ({})],
    ['with another secret', () => ({ 'x-switchyard-secret': 'swsrc_0000' })],
    ['with another source’s secret', (source) => ({ 'x-switchyard-secret': source.other })],
    [
      'with a signature over another body',
      (source) => ({
        'x-switchyard-signature': `sha256=${createHmac('sha256', source.secret).update('{}').digest('hex')}`,
      }),
    ],
  ])('%s gets 401, and nothing is stored', async (_, makeHeaders) => {
    const source = await makeSource('guarded');
    const other = await makeSource('other');
    const before = await database.pool.query('select count(*) from webhook_events');
    const answer = await post(source, { email: 'leo@example.com' }, makeHeaders({ ...source, other: other.secret }));
    expect(answer.status).toBe(401);
    expect((await database.pool.query('select count(*) from webhook_events')).rows).toEqual(before.rows);
    expect(router.logged.join('\n')).not.toContain('leo@example.com');
  });

  it('of a source that is switched off, unknown, or of another kind gets 401', async () => {
    const source = await makeSource('off', { enabled: false });
    expect((await post(source, { email: 'mia@example.com' })).status).toBe(401);
    const url = 'https://router.test/v1/webhooks/forms/nobody';
    expect((await post({ ...source, url }, {})).status).toBe(401);
    const workflow = await makeSource('flow', { kind: 'workflow' });
    const asForm = workflow.url.replace('highlevel/workflow', 'forms');
    expect((await post({ ...workflow, url: asForm }, {})).status).toBe(401);
  });
});

describe('a workflow’s webhook', () => {
  const standard = {
    contact_id: 'contact-1',
    first_name: 'Nia',
    full_name: 'Nia Oz',
    email: 'nia@example.com',
    tags: 'a,b',
    postal_code: '99999',
    location: { id: 'sub-9', name: 'Nine' },
    workflow: { id: 'w', name: 'W' },
    customData: { postal_code: '02134', phone: '+1 617 555 0142' },
  };

  it('is read tolerantly, what people filled in themselves first, and is one lead for a day', async () => {
    const source = await makeSource('nurture', { kind: 'workflow' });
    const first = await post(source, standard);
    expect((await post(source, standard)).json.outcome).toBe('duplicate');
    await work();
    const handled = await event(first.json.eventId);
    expect(handled).toMatchObject({ handledAs: 'routed', ghlLocationId: 'sub-9', resourceId: 'contact-1' });
    expect(await lead(handled.leadId)).toMatchObject({
      place: { postalCode: '02134' },
      person: { phone: '+16175550142' },
    });
    await database.pool.query(
      `update webhook_events set received_at = received_at - interval '25 hours' where id = $1`,
      [first.json.eventId],
    );
    const later = await post(source, standard);
    expect(later.json.outcome).toBe('accepted');
    expect(later.json.eventId).not.toBe(first.json.eventId);
    expect((await post(source, standard)).json.outcome).toBe('duplicate');
  });

  it('of a location comes under the location’s own address and secret', async () => {
    const { json } = await send('GET', '/v1/locations');
    const { id } = json.items[0];
    const secret = makeLeadWebhookSecret(router.deps.config.personHashKey, id);
    const url = `https://router.test/v1/webhooks/highlevel/workflow/${id}`;
    const answer = await post({ url, secret }, { ...standard, email: 'pat@example.com' });
    expect(answer.status).toBe(202);
    expect((await post({ url, secret: `${secret}x` }, standard)).status).toBe(401);
  });
});

describe('the list of events', () => {
  it('goes on after events that came at one moment, whatever their ids are', async () => {
    const source = await makeSource('spaced', { kind: 'workflow' });
    for (const contact_id of ['no 1', 'no 2', 'no 3']) await post(source, { contact_id, email: 'x@example.com' });
    await database.pool.query(`update webhook_events set received_at = '2026-01-01' where source = 'spaced'`);
    const ids: string[] = [];
    let more = '';
    for (let page = 0; page < 3; page++) {
      const { json } = await send('GET', `/v1/events?source=spaced&limit=1${more}`);
      ids.push(...json.items.map(({ id }: Json) => id));
      more = `&cursor=${encodeURIComponent(json.nextCursor)}`;
    }
    expect(new Set(ids).size).toBe(3);
  });

  it('that are open has none that nobody has to handle', async () => {
    const source = await makeSource('mixed');
    await post(source, { nothing: 'of use' });
    const waiting = await post(source, { email: 'uli@example.com' });
    const ids = async (open: boolean): Promise<string[]> =>
      (await send('GET', `/v1/events?source=mixed&open=${open}`)).json.items.map(({ id }: Json) => id);
    expect(await ids(true)).toEqual([waiting.json.eventId]);
    expect(await ids(false)).toHaveLength(1);
  });

  it.each([
    '/v1/events?cursor=1%20x',
    '/v1/events?cursor=%2B020000-01-01%20x',
    '/v1/events?type=%00',
    '/v1/events/%00',
  ])('refuses %s', async (path) => {
    expect((await send('GET', path)).status).toBe(422);
  });
});

describe('while Postgres is away', () => {
  it('a form is kept by QStash and stored once when it is back; without QStash it gets 503', async () => {
    const source = await makeSource('patient');
    await post(source, { email: 'quin@example.com' });
    router.sent.length = 0;
    // The isolate knows the source, and its Postgres is gone.
    let isAway = false;
    const { url } = router.deps.config.database;
    const unreachable = createDatabase({ url, fetchEndpoint: 'http://127.0.0.1:9/sql', timeoutMs: 1000 });
    const database = new Proxy(router.deps.database, {
      get: (target, name): unknown => Reflect.get(isAway ? unreachable : target, name),
    });
    let isQstashAway = false;
    const qstash = {
      batch: (...args: Parameters<typeof router.deps.qstash.batch>) =>
        isQstashAway ? Promise.reject(new Error('no route')) : router.deps.qstash.batch(...args),
    };
    const app = createApp({ ...router.deps, database, qstash });
    const left: Promise<unknown>[] = [];
    const waitUntil = (work: Promise<unknown>): void => void left.push(work);
    const context = { waitUntil, passThroughOnException: () => undefined, props: {} };
    const ask = async (email: string): Promise<Response> =>
      app.fetch(
        new Request(source.url, {
          method: 'POST',
          body: JSON.stringify({ email }),
          headers: { 'x-switchyard-secret': source.secret },
        }),
        {},
        context,
      );
    expect((await ask('rae@example.com')).status).toBe(202);
    // What the first one left to do must not take the next one's news with it.
    await Promise.allSettled(left);
    isAway = true;
    expect((await ask('sam@example.com')).status).toBe(202);
    expect((await ask('')).status).toBe(422);
    const kept = router.sent.filter(({ url }) => url.endsWith('/persist-event'));
    expect(kept).toMatchObject([{ redact: { body: true } }, { redact: { body: true } }]);
    isQstashAway = true;
    expect((await ask('tia@example.com')).status).toBe(503);
    for (let times = 0; times < 2; times++) {
      expect(await persistEvent(router.deps, JSON.parse(kept[0]?.body ?? ''))).toBe('done');
    }
    await router.app.outbox.run();
    await work();
    const { json } = await send('GET', '/v1/leads?source=patient');
    const leads: Json[] = await Promise.all(json.items.map(({ leadId }: Json) => lead(leadId)));
    const emails = leads.map(({ person }) => person.email);
    expect(emails.filter((email) => email === 'sam@example.com')).toHaveLength(1);
    expect(emails).not.toContain('tia@example.com');
  });
});
