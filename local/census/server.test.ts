import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCensusGeocoder } from '../../edge-router/src/onboarding/census-geocoder.ts';
import { findFreePort } from '../ports.ts';
import { startCensus } from './server.ts';
import type { CensusServer } from './server.ts';

let census: CensusServer;

beforeAll(async () => {
  census = await startCensus({ port: 0 });
});

afterAll(() => census.stop());

function send(csv: string | null, fields: Record<string, string> = { benchmark: 'Public_AR_Current' }) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  if (csv !== null) body.set('addressFile', new Blob([csv]), 'addresses.csv');
  return fetch(`${census.url}/geocoder/locations/addressbatch`, { method: 'POST', body });
}

const birmingham = { address: '100 Harbor Street', city: 'Birmingham', state: 'AL', postalCode: '35233' };

describe('over HTTP, the Census stand-in', () => {
  it('answers a line for each address, in an order of its own, with the columns of the real one', async () => {
    const response = await send('1,100 Harbor Street,Birmingham,AL,35233\n2,1 Nowhere Rd,Birmingham,AL,35233\n');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/csv');
    expect((await response.text()).split('\n')).toEqual([
      '"2","1 Nowhere Rd, Birmingham, AL, 35233","No_Match"',
      expect.stringMatching(
        /^"1","100 Harbor Street, Birmingham, AL, 35233","Match","Exact","100 HARBOR ST, BIRMINGHAM, AL, 35233","-86\.\d+,33\.\d+","\d+","[LR]"$/,
      ),
      '',
    ]);
  });

  it.each([
    ['100 HARBOR ST.,birmingham,al,35233-1234', '"Match","Exact"'],
    ['100 Harbor St Suite 5,Birmingham,AL,', '"Match","Non_Exact"'],
    ['100 Harbor St,,AL,35233', '"Match","Non_Exact"'],
    ['100 Harbor St,,AL,', '"Match","Non_Exact"'],
    ['100 Harbor St,Mobile,AL,36606', '"No_Match"'],
    ['101 Harbor St,Birmingham,AL,35233', '"No_Match"'],
    ['not an address', '"No_Match"'],
  ])('takes %s for %s', async (line, verdict) => {
    expect(await (await send(`x,${line}`)).text()).toContain(verdict);
  });

  it.each<[string, string | null, Record<string, string>, string]>([
    ['without a benchmark', 'x', {}, 'benchmark'],
    ['with one that is not there', 'x', { benchmark: 'Nobody' }, 'benchmark'],
    ['without a file', null, { benchmark: '4' }, 'addressFile'],
    ['with an empty file', '', { benchmark: '4' }, 'empty'],
    ['with more than 10,000 addresses', 'x\n'.repeat(10_001), { benchmark: '4' }, '10000'],
  ])('refuses a form %s', async (_, csv, fields, message) => {
    const response = await send(csv, fields);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
  });

  it('has nothing else', async () => {
    expect((await fetch(`${census.url}/`)).status).toBe(404);
    expect((await fetch(`${census.url}/geocoder/locations/addressbatch`)).status).toBe(405);
  });
});

describe('the geocoder of the Worker', () => {
  it('asks it and understands its answers, whatever stands in a cell', async () => {
    const geocode = createCensusGeocoder({ baseUrl: census.url });
    const addresses = [
      { id: 'a', ...birmingham },
      { id: 'b', ...birmingham, address: '1 "Quoted", Road\nSuite 3' },
      { id: 'c', ...birmingham, postalCode: '', city: '' },
    ];
    const answers = await geocode(addresses, { timeoutMs: 5000 });
    expect(answers.ok && Object.fromEntries(answers.value)).toMatchObject({
      a: { kind: 'match', isExact: true, matchedAddress: '100 HARBOR ST, BIRMINGHAM, AL, 35233' },
      b: { kind: 'no_match' },
      c: { kind: 'match', isExact: false },
    });
    expect(await geocode([], { timeoutMs: 1 })).toEqual({ ok: true, value: new Map() });
  });

  it('says that it is away, refuses or is slow, and never throws', async () => {
    const away = createCensusGeocoder({ baseUrl: `http://127.0.0.1:${await findFreePort()}` });
    const wrong = createCensusGeocoder({ baseUrl: `${census.url}/nowhere` });
    for (const [geocode, timeoutMs] of [
      [away, 5000],
      [wrong, 5000],
      [createCensusGeocoder({ baseUrl: census.url }), 0],
    ] as const) {
      const answers = await geocode([{ id: 'a', ...birmingham }], { timeoutMs });
      expect(answers).toMatchObject({ ok: false, error: { kind: 'census_unavailable' } });
    }
  });

  it('takes ten thousand addresses in one batch, and no more', async () => {
    const geocode = createCensusGeocoder({ baseUrl: census.url });
    const addresses = Array.from({ length: 10_000 }, (_, i) => ({ ...birmingham, id: String(i) }));
    const answers = await geocode(addresses, { timeoutMs: 20_000 });
    expect(answers.ok && answers.value.size).toBe(10_000);
    await expect(geocode([...addresses, { ...birmingham, id: 'x' }], { timeoutMs: 1 })).rejects.toThrow('10000');
  });
});
