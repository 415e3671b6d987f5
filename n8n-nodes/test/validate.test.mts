import { BINARY_ENCODING } from 'n8n-workflow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csvOf, testRow } from '../../edge-router/src/testing/test-rows.ts';
import { runNode } from './testing/engine.mts';
import { serveRouter, type ServedRouter } from './testing/servers.mts';

let served: ServedRouter;

beforeAll(async () => {
  served = await serveRouter();
});

afterAll(() => served.stop());

const good = testRow({ 'Franchise Code': 'A-1' });
const bad = testRow({ 'Franchise Code': 'A-2', 'Zip Code': '99999999', Email: 'nobody' });

const validate = (parameters: object, items: readonly object[], onError?: 'continueErrorOutput') =>
  runNode({
    type: 'validateLocations',
    parameters: { batch: 'spring', ...parameters },
    items: items as never,
    credentials: served.credentials,
    onError,
  });

const fileItem = (text: string | Buffer) => ({
  json: {},
  binary: {
    data: {
      data: Buffer.from(text).toString(BINARY_ENCODING as 'base64'),
      mimeType: 'text/csv',
      fileName: 'locations.csv',
    },
  },
});

it('sorts items into those to go on with and those to put right, each with its reasons', async () => {
  const { outputs, hints } = await validate({}, [good, bad, testRow({ 'Franchise Code': 'A-3' })]);
  expect(
    outputs[0]?.map(({ json, pairedItem }) => [json['rowKey'], json['action'], json['batch'], pairedItem]),
  ).toEqual([
    ['a-1', 'create', 'spring', { item: 0 }],
    ['a-3', 'create', 'spring', { item: 2 }],
  ]);
  expect(outputs[0]?.[0]?.json['row']).toMatchObject({ rowKey: 'a-1', name: good['Location Name'], state: 'MA' });
  expect(outputs[1]).toMatchObject([
    {
      json: { 'Franchise Code': 'A-2', sheetRow: 3, errors: expect.stringContaining('Email:') },
      pairedItem: { item: 1 },
    },
  ]);
  expect(hints[0]?.message).toContain('3 rows: 2 to create');
});

it('reads a CSV from a binary field, and answers the bad rows as a file', async () => {
  const { outputs } = await validate({ inputSource: 'file' }, [fileItem(csvOf([good, bad]))]);
  expect(outputs[0]?.map(({ json }) => json['rowKey'])).toEqual(['a-1']);
  const file = outputs[1]?.[0]?.binary?.['data'];
  expect(file?.fileName).toBe('rows-to-fix.csv');
  expect(Buffer.from(file?.data ?? '', 'base64').toString()).toContain('A-2');
});

it('takes columns that are mapped by hand, from items and from a file', async () => {
  const named = { Store: 'B-1', Title: 'Mapped', Street: '1 Main St', Town: 'Boston', St: 'MA', Post: '02134' };
  const columns = {
    mappingMode: 'defineBelow',
    value: {
      'Franchise Code': '={{ $json.Store }}',
      'Location Name': '={{ $json.Title }}',
      Address: '={{ $json.Street }}',
      City: '={{ $json.Town }}',
      State: '={{ $json.St }}',
      'Zip Code': '={{ $json.Post }}',
    },
  };
  const fromItems = await validate({ columns }, [named]);
  expect(fromItems.outputs[0]).toMatchObject([{ json: { rowKey: 'b-1', name: 'Mapped' } }]);
  const heading = [
    { from: 'Store', to: 'Franchise Code' },
    { from: 'Title', to: 'Location Name' },
    { from: 'Street', to: 'Address' },
    { from: 'Town', to: 'City' },
    { from: 'St', to: 'State' },
    { from: 'Post', to: 'Zip Code' },
  ];
  const fromFile = await validate({ inputSource: 'file', headings: { heading } }, [fileItem(csvOf([named]))]);
  expect(fromFile.outputs[0]).toMatchObject([{ json: { rowKey: 'b-1', name: 'Mapped' } }]);
});

it('takes a file in the encoding of an old spreadsheet', async () => {
  const text = csvOf([testRow({ 'Franchise Code': 'C-1', 'Location Name': 'Café' })]);
  const { outputs } = await validate({ inputSource: 'file' }, [fileItem(Buffer.from(text, 'latin1'))]);
  expect(outputs[0]).toMatchObject([{ json: { name: 'Café' } }]);
});

it('says what to do with a file that is not there, and one of 20,000 rows', async () => {
  const none = await validate({ inputSource: 'file', binaryField: 'upload' }, [fileItem('x')]);
  expect(none.error?.message).toContain("no file in 'upload'");
  const rows = Array.from({ length: 20_000 }, (_, n) => testRow({ 'Franchise Code': `L-${n}` }));
  const large = await validate({ inputSource: 'file' }, [fileItem(csvOf(rows))]);
  expect(large.error?.message).toMatch(/10,000|10000/);
});

it('fails every item, each with its row, when the rows as a whole cannot be read', async () => {
  const { outputs } = await validate({}, [{ a: 1 }, { a: 2 }], 'continueErrorOutput');
  const last = outputs.at(-1);
  expect(last?.map(({ json }) => [json['a'], (json['details'] as { code: string }).code])).toEqual([
    [1, 'invalid_input'],
    [2, 'invalid_input'],
  ]);
  expect(outputs.slice(0, 2).flat()).toEqual([]);
});

it('5,000 items are one plan', async () => {
  const items = Array.from({ length: 5000 }, (_, n) =>
    testRow({ 'Franchise Code': `M-${n}`, Address: `${n} Main St` }),
  );
  const { outputs } = await validate({}, items);
  expect(outputs[0]).toHaveLength(5000);
  expect(outputs[0]?.[4999]).toMatchObject({ json: { rowKey: 'm-4999' }, pairedItem: { item: 4999 } });
});

it('geocodes addresses and writes the point into the row that the steps use', async () => {
  const validated = await validate({}, [testRow({ 'Franchise Code': 'G-1' })]);
  const items = validated.outputs[0]?.map(({ json }) => json) ?? [];
  const { outputs } = await runNode({
    type: 'geocodeLocation',
    items: items as never,
    credentials: served.credentials,
  });
  expect(outputs[0]).toMatchObject([
    {
      json: {
        rowKey: 'g-1',
        geocoding: { geoConfidence: 'zip' },
        row: { coordinates: { lat: expect.closeTo(42.36, 0) } },
      },
    },
  ]);
});

it('leaves the point of a row that is better known than what was found', async () => {
  const given = testRow({ 'Franchise Code': 'G-2', Latitude: '42.3601', Longitude: '-71.0589' });
  const validated = await validate({}, [given]);
  const items = validated.outputs[0]?.map(({ json }) => json) ?? [];
  expect(items).toMatchObject([{ row: { geoConfidence: 'rooftop' } }]);
  const { outputs } = await runNode({
    type: 'geocodeLocation',
    items: items as never,
    credentials: served.credentials,
  });
  const row = { coordinates: { lat: 42.3601, lng: -71.0589 }, geoConfidence: 'rooftop' };
  expect(outputs[0]).toMatchObject([{ json: { geocoding: { geoConfidence: 'zip' }, row } }]);
});
