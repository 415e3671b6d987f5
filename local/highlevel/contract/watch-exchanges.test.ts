import { describe, expect, it } from 'vitest';
import { openContract } from './open-contract.ts';
import { watchExchanges } from './watch-exchanges.ts';

const company = { id: 'c1', name: 'Otterbrook' };

function exchange(options: {
  path?: string;
  body?: unknown;
  query?: string;
  version?: string;
  status?: number;
  json?: object;
}) {
  const { onExchange, listProblems } = watchExchanges();
  const { path = '/locations/', body, query = '', version = '2021-07-28', status = 200, json = {} } = options;
  const method = body === undefined ? 'GET' : 'POST';
  const headers = { 'content-type': 'application/json', version };
  const request = { method, path, query: new URLSearchParams(query), headers, body: JSON.stringify(body ?? {}) };
  onExchange(request, { answer: { status, json: { ...json } }, headers: {}, isHanging: false, delayMs: 0 });
  return listProblems();
}

describe.skipIf(openContract() === null)('what is not as documented is found', () => {
  it.each([
    ['nothing', { path: '/companies/c1', json: { company, traceId: 't' } }, []],
    [
      'a field of an answer that the document does not name',
      { path: '/companies/c1', json: { company: { ...company, nmae: 'x' } } },
      ['GET /companies/{companyId} answer 200: /company must NOT have additional properties: nmae'],
    ],
    [
      'a field of the wrong type',
      { path: '/companies/c1', json: { company: { ...company, locationCount: '7' } } },
      ['GET /companies/{companyId} answer 200: /company/locationCount must be number'],
    ],
    [
      'a misspelled field of a request that was accepted',
      { body: { name: 'x', companyId: 'c1', postcode: '1' } },
      ['POST /locations/ request: / must NOT have additional properties: postcode'],
    ],
    ['a missing one', { body: { name: 'x' } }, ["POST /locations/ request: / must have required property 'companyId'"]],
    ['one that was refused is no problem of the sandbox', { body: { name: 'x' }, status: 400 }, []],
    [
      'a query that is missing, and one that is unknown',
      { path: '/users/search', query: 'company=c1', json: { users: [] } },
      [
        'GET /users/search request: query companyId is missing',
        'GET /users/search request: query company is not documented',
      ],
    ],
    [
      'a version',
      { path: '/companies/c1', version: '2021-04-15', json: { company } },
      ['GET /companies/{companyId} request: Version 2021-04-15 is not documented'],
    ],
    [
      'a status',
      { path: '/companies/c1', status: 418 },
      ['GET /companies/{companyId} answer 418: this status is not documented'],
    ],
  ])('%s', (_, options, problems) => {
    expect(exchange(options)).toEqual(problems);
  });

  it('a field of a webhook', () => {
    const { watchWebhooks, listProblems } = watchExchanges();
    const payload = { type: 'ContactCreate', locationId: 'l', id: 'c', webhookId: 'w', contactId: 'c' };
    watchWebhooks([JSON.stringify(payload)]);
    expect(listProblems()).toEqual(['webhook ContactCreate has no field contactId']);
  });
});
