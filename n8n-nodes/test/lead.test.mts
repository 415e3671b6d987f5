import { afterAll, beforeAll, expect, it } from 'vitest';
import { csvOf, testRow } from '../../edge-router/src/testing/test-rows.ts';
import { runNode } from './testing/engine.mts';
import { serveRouter, type ServedRouter } from './testing/servers.mts';

let served: ServedRouter;

beforeAll(async () => {
  served = await serveRouter();
  const rows = [
    testRow({ 'Franchise Code': 'BOS-1', 'Zip Code': '02134' }),
    testRow({ 'Franchise Code': 'NYC-1', 'Zip Code': '10001', City: 'New York', State: 'NY' }),
  ];
  const headers = { 'content-type': 'text/csv' };
  const imported = await served.router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers });
  expect(imported.status).toBe(200);
});

afterAll(() => served.stop());

const route = {
  operation: 'route',
  source: 'web',
  externalId: '={{ $json.form }}',
  leadFields: { postalCode: '={{ $json.zip }}', email: '={{ $json.email }}' },
};

const lead = (parameters: object, items: readonly object[], onError?: 'continueErrorOutput') =>
  runNode({
    type: 'lead',
    parameters: { ...parameters },
    items: items as never,
    credentials: served.credentials,
    onError,
  });

it('routes each item to its location, in order, and a rerun gets the first answers', async () => {
  const items = [
    { form: 'r-1', zip: '02134', email: 'ada@example.com' },
    { form: 'r-2', zip: '10001', email: 'bob@example.com' },
  ];
  const first = await lead(route, items);
  expect(first.error).toBeNull();
  expect(first.outputs[0]).toMatchObject([
    { json: { status: 'assigned', location: { franchiseCode: 'BOS-1' }, replayed: false }, pairedItem: { item: 0 } },
    { json: { status: 'assigned', location: { franchiseCode: 'NYC-1' }, replayed: false }, pairedItem: { item: 1 } },
  ]);
  const again = await lead(route, items);
  expect(again.outputs[0]?.map(({ json }) => [json['leadId'], json['replayed']])).toEqual(
    first.outputs[0]?.map(({ json }) => [json['leadId'], true]),
  );
});

it('keeps the input row of a lead that was refused on the error output, with the reason and what to do', async () => {
  const items = [
    { form: 'e-1', zip: '02134', email: 'cleo@example.com' },
    { form: 'e-2', zip: 'x'.repeat(40), email: 'dan@example.com' },
  ];
  const { outputs } = await lead(route, items, 'continueErrorOutput');
  expect(outputs[0]).toHaveLength(1);
  expect(outputs[1]).toMatchObject([
    {
      json: {
        form: 'e-2',
        email: 'dan@example.com',
        error: expect.stringContaining('postalCode'),
        details: { code: 'invalid_input', retryable: false, requestId: expect.any(String) },
      },
    },
  ]);
});

it('stops at a lead that is refused, and names the item', async () => {
  const { error } = await lead(route, [{ form: 's-1', zip: 'x'.repeat(40) }]);
  expect(error?.message).toContain('[item 0]');
  expect(error?.message).toContain('postalCode');
  expect(error?.httpCode).toBe('422');
});

it('sends 1,200 leads in three calls, one item out for each, bad ones in their places', async () => {
  const items = Array.from({ length: 1200 }, (_, n) => ({
    form: `m-${n}`,
    zip: n === 700 ? 'x'.repeat(40) : '02134',
    email: `person${n}@example.com`,
  }));
  const { outputs } = await lead({ ...route, operation: 'routeMany' }, items, 'continueErrorOutput');
  expect(outputs[0]).toHaveLength(1199);
  expect(outputs[0]?.[699]).toMatchObject({ json: { status: 'assigned' }, pairedItem: { item: 699 } });
  expect(outputs[1]).toMatchObject([{ json: { form: 'm-700', details: { code: 'invalid_input' } } }]);
});

it('previews without writing, looks up, and reassigns', async () => {
  const preview = await lead({ ...route, operation: 'preview', externalId: '' }, [{ zip: '10001' }]);
  expect(preview.outputs[0]).toMatchObject([{ json: { leadId: null, location: { franchiseCode: 'NYC-1' } } }]);
  const routed = await lead(route, [{ form: 'g-1', zip: '02134', email: 'eve@example.com' }]);
  const found = await lead({ operation: 'get', leadId: '={{ $json.leadId }}' }, [routed.outputs[0]?.[0]?.json ?? {}]);
  expect(found.outputs[0]).toMatchObject([{ json: { status: 'assigned', decision: { matchLevel: 'nearest' } } }]);
  const moved = await lead({ operation: 'reassign', leadId: '={{ $json.leadId }}', reason: 'a test' }, [
    routed.outputs[0]?.[0]?.json ?? {},
  ]);
  expect(moved.error).toBeNull();
});

it('says how a lead went on, and gives one back', async () => {
  const routed = await lead(route, [{ form: 'g-2', zip: '02134', email: 'finn@example.com' }]);
  const items = [routed.outputs[0]?.[0]?.json ?? {}];
  const leadId = '={{ $json.leadId }}';
  const contacted = await lead({ operation: 'setStatus', leadId, status: 'contacted' }, items);
  expect(contacted.outputs[0]).toMatchObject([{ json: { changed: true } }]);
  const declined = await lead({ operation: 'decline', leadId, reason: 'outside our trade' }, items);
  expect(declined.outputs[0]).toMatchObject([
    { json: { moved: true, from: routed.outputs[0]?.[0]?.json['location'] ? {} : null } },
  ]);
});

it('a lead as JSON that is none fails that item alone', async () => {
  const parameters = { operation: 'route', leadInput: 'json', lead: '={{ $json.lead }}' };
  const items = [{ lead: 'no json' }, { lead: { source: 'web', postalCode: '02134' } }];
  const { outputs } = await lead(parameters, items, 'continueErrorOutput');
  expect(outputs[0]).toHaveLength(1);
  expect(outputs[1]).toMatchObject([{ json: { lead: 'no json', details: { code: 'invalid_parameter' } } }]);
});

it('lists the leads that are parked, and how leads were delivered', async () => {
  const parked = { operation: 'route', source: 'web', externalId: 'parked-1', leadFields: { postalCode: '99501' } };
  await lead(parked, [{}]);
  const listed = await lead({ operation: 'getAll', returnAll: true, status: 'parked' }, [{}]);
  expect(listed.error).toBeNull();
  expect(listed.outputs[0]?.length).toBeGreaterThan(0);
  for (const { json } of listed.outputs[0] ?? []) expect(json['status']).toBe('parked');
  const one = await lead({ operation: 'getAll', returnAll: false, limit: 1, status: '' }, [{}]);
  expect(one.outputs[0]).toHaveLength(1);
  const none = await lead({ operation: 'getAll', returnAll: true, from: '2100-01-01' }, [{}]);
  expect(none.outputs[0]).toEqual([]);
  const failed = await lead({ operation: 'getDeliveries', returnAll: true, deliveryStatus: 'failed' }, [{}]);
  expect([failed.error, failed.outputs[0]]).toEqual([null, []]);
});
