import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { problemSchema } from './problem-answers.ts';
import { operations } from './routes.ts';

let database: TestDatabase;
let planId: string;
let router: TestRouter;
let document: Record<string, unknown> & {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { example: unknown }> } }>>;
};

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  document = (await (await router.send('GET', '/openapi.json', { apiKey: null })).json()) as typeof document;
  const rows = [testRow({ 'Franchise Code': 'OBP-002', 'Zip Code': '36606', City: 'Mobile', State: 'AL' })];
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: { 'content-type': 'text/csv' } });
  const plan = await router.send('POST', '/v1/onboarding/plan', { body: { rows: [...rows, { City: 'Mobile' }] } });
  planId = ((await plan.json()) as { id: string }).id;
  const mapping = operations.find(({ method, path }) => `${method} ${path}` === 'put /v1/onboarding/mappings/:name');
  await router.send('PUT', '/v1/onboarding/mappings/saved', { body: mapping?.body?.example });
});

afterAll(() => database.drop());

describe('/openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('tells of every address that is mounted, and of no other', () => {
    // QStash alone sends jobs, signed; the page is for people.
    const untold = new Set(['POST /v1/jobs/:job', 'GET /docs', 'GET /docs/style.css']);
    const mounted = router.app.routes
      .map(({ method, path }) => `${method} ${path}`)
      .filter((line) => !line.startsWith('ALL '));
    const told = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(told.toSorted()).toEqual([...new Set(mounted)].filter((line) => !untold.has(line)).toSorted());
  });

  it('tells of a form where a file may be sent as one', () => {
    const form = document.paths['/v1/onboarding/plan']?.['post']?.requestBody?.content['multipart/form-data'];
    expect(form).toMatchObject({
      schema: { required: ['file'], properties: { file: {}, onInvalid: {}, mapping: {} } },
    });
  });

  it('gives every operation a name of its own', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((operation) => (operation as { operationId: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(operations.filter((operation) => operation.body !== undefined))(
    'has an example for $method $path that the route takes',
    async ({ method, path, body }) => {
      const address = path.replace(':version', '1').replace(/:\w+/, '00000000-0000-7000-8000-000000000000');
      const sent = await router.send(method.toUpperCase(), address, { body: body?.example });
      expect([400, 401, 403, 413, 415, 422, 500, 503]).not.toContain(sent.status);
      if (body?.csv === undefined) return;
      const csv = await router.send(method.toUpperCase(), address, {
        body: body.csv,
        headers: { 'content-type': 'text/csv' },
      });
      expect([200, 201, 202]).toContain(csv.status);
    },
  );
});

describe('what a route answers', () => {
  const id = '00000000-0000-7000-8000-000000000000';
  const find = async (path: string, key: string): Promise<string> => {
    const { items } = (await (await router.send('GET', path)).json()) as { items: Record<string, string>[] };
    return items[0]?.[key] ?? id;
  };

  it.each(operations)('is what is told of it: $method $path', async ({ method, path, query, body, answers }) => {
    const given = path
      .replace('/v1/leads/:id', `/v1/leads/${await find('/v1/leads', 'leadId')}`)
      .replace('/v1/locations/:id', `/v1/locations/${await find('/v1/locations', 'id')}`)
      .replace('/v1/onboarding/plans/:id', `/v1/onboarding/plans/${planId}`)
      .replace(':name', 'saved')
      .replace(':version', '1');
    const address = query && /\/(nearby|check)$/.test(path) ? `${given}?postalCode=36606` : given;
    const response = await router.send(method.toUpperCase(), address, body === undefined ? {} : { body: body.example });
    const answer = answers[response.status];
    const text = await response.text();
    if (answer && !answer.schema) return;
    const json: unknown = JSON.parse(text);
    expect((answer?.schema ?? problemSchema).parse(json)).toMatchObject(json as object);
  });
});

describe('/docs', () => {
  it('shows every operation, from our own origin and without a script', async () => {
    const response = await router.send('GET', '/docs', { apiKey: null });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const page = await response.text();
    for (const { summary } of operations) expect(page).toContain(summary.replaceAll("'", '&#39;'));
    expect(page).not.toContain('<script');
    expect([...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, address]) => address)).toEqual(
      expect.arrayContaining(['/docs/style.css', '/openapi.json']),
    );
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect((await router.send('GET', '/docs/style.css', { apiKey: null })).headers.get('content-type')).toContain(
      'text/css',
    );
  });
});
