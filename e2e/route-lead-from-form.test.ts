import { beforeAll, expect, inject, test } from 'vitest';
import { publish } from './testing/n8n.ts';
import { provideActiveLocations } from './testing/provide-locations.ts';
import { WORKFLOWS } from './testing/workflows.ts';

let zip = '';
beforeAll(async () => {
  zip = await provideActiveLocations();
  await publish(WORKFLOWS.routeLead);
});

function post(lead: Record<string, string>): Promise<Response> {
  return fetch(`${inject('e2eStack').n8n}/webhook/switchyard-lead`, {
    method: 'POST',
    body: new URLSearchParams(lead),
  });
}

const lead = { id: 'form-4711', firstName: 'Ada', email: 'ada@example.com', phone: '(205) 555-0123' };

test('whoever posts a lead is answered with its location and why, and the same lead again with the same answer', async () => {
  const answer = await post({ ...lead, zip });
  const body: unknown = await answer.json();
  expect([answer.status, body]).toMatchObject([
    200,
    { status: 'assigned', location: { name: expect.any(String) as string }, reason: expect.any(String) as string },
  ]);
  expect(await (await post({ ...lead, zip })).json()).toEqual(body);
});

test('a lead that the router refuses is answered with what is wrong', async () => {
  const answer = await post({ ...lead, zip, id: 'form-4712', source: 'a web site!' });
  expect([answer.status, await answer.json()]).toMatchObject([
    422,
    { error: expect.stringContaining('source') as string, retryable: false, requestId: expect.any(String) as string },
  ]);
});
