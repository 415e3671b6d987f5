import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, mintApiKey, type TestRouter } from '../testing/test-router.ts';
import { defaultLeadSettings } from '../rules/lead-settings.ts';

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
});

afterAll(() => database.drop());

const PATH = '/v1/settings/leads';

describe('the brand’s settings for leads', () => {
  it('are the defaults until some are given', async () => {
    const response = await router.send('GET', PATH);
    expect(await response.json()).toEqual({ version: 0, document: defaultLeadSettings });
  });

  it('are replaced whole, and the version grows only with a change', async () => {
    const body = { sla: { minutes: 15 }, delivery: { customFields: { 'contact.campaign': 'utm.campaign' } } };
    const first = await (await router.send('PUT', PATH, { body })).json();
    expect(first).toMatchObject({
      version: 1,
      document: { sla: { minutes: 15, maxReroutes: 2 }, delivery: { startTag: 'new lead' } },
    });
    expect(await (await router.send('PUT', PATH, { body })).json()).toEqual(first);
    expect(await (await router.send('PUT', PATH, { body: {} })).json()).toMatchObject({
      version: 2,
      document: defaultLeadSettings,
    });
  });

  it('name every bad field at once, and nothing is stored', async () => {
    const before = await (await router.send('GET', PATH)).json();
    const body = { sla: { minutes: 0 }, delivery: { customFields: { 'contact.x': 'nothing' } }, more: 1 };
    const response = await router.send('PUT', PATH, { body });
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field).sort()).toEqual(['delivery.customFields.contact.x', 'more', 'sla.minutes']);
    expect(await (await router.send('GET', PATH)).json()).toEqual(before);
  });

  it('need a key that may change rules', async () => {
    const apiKey = await mintApiKey(router.deps, ['rules:read']);
    expect((await router.send('PUT', PATH, { body: {}, apiKey })).status).toBe(403);
    expect((await router.send('GET', PATH, { apiKey })).status).toBe(200);
  });
});
