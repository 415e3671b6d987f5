import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLineTransform, formatCopyLine, parseCopyLine } from './copy-text.ts';
import { deterministicId } from './deterministic-id.ts';
import { mapLead } from './map-lead.ts';
import type { MovedLocation } from './map-location.ts';
import { parseSourceMap } from './source-layout.ts';

const location: MovedLocation = {
  id: '0190aaaa-0000-7000-8000-000000000001',
  name: 'Boston',
  franchiseCode: 'B',
  ghlLocationId: null,
};
const context = {
  locations: new Map([['a', location]]),
  statuses: { Deal: 'converted' as const },
  hashPerson: (text: string) => text,
  nowMs: Date.UTC(2026, 10, 26),
};
const lead = {
  id: '17',
  email: 'Ann@Example.com',
  phone: '(617) 555-0123',
  zip_code: '02134',
  status: 'assigned',
  assigned_location_id: 'a',
  created_at: '2026-03-04T05:06:07.123456Z',
  created_at_ms: String(Date.UTC(2026, 2, 4, 5, 6, 7, 123)),
  lead_score: null,
  metadata: null,
};

it('reads back what it writes in the COPY format, however it is cut', async () => {
  const fields = fc.array(
    fc.option(fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\\', '\t', '\n', '\r', 'N', '"') })),
    { minLength: 1, maxLength: 5 },
  );
  const rows = fc.array(fields, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 7 }), async (written, size) => {
      const seen: (string | null)[][] = [];
      const transform = createLineTransform((line) => {
        seen.push(parseCopyLine(line));
        return '';
      });
      const bytes = Buffer.from(written.map((row) => formatCopyLine(row)).join(''));
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );
      await pipeline(Readable.from(pieces), transform.resume());
      expect(seen).toEqual(written);
    }),
  );
});

it('makes the same UUIDv7 of the same row, another of every other, with the time inside', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.integer({ min: 946_684_800_000, max: 4_000_000_000_000 }),
      (a, b, atMs) => {
        const id = deterministicId({ kind: 'lead', oldId: a, atMs });
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(atMs);
        expect(deterministicId({ kind: 'lead', oldId: b, atMs }) === id).toBe(a === b);
      },
    ),
  );
});

it.each([
  [{ status: 'new' }, { status: 'assigned', stage: null }],
  [
    { status: 'assigned', ghl_contact_id: 'c' },
    { status: 'assigned', stage: 'delivered' },
  ],
  [{ status: 'contacted' }, { status: 'assigned', stage: 'contacted' }],
  [{ status: 'qualified' }, { status: 'assigned', stage: 'contacted' }],
  [{ status: 'converted' }, { status: 'assigned', stage: 'won' }],
  [{ status: 'Deal' }, { status: 'assigned', stage: 'won' }],
  [{ status: 'lost' }, { status: 'assigned', stage: 'lost' }],
  [
    { status: 'new', assigned_location_id: null },
    { status: 'parked', stage: null, parked_reason: 'no_eligible_location' },
  ],
  [
    { status: 'lost', assigned_location_id: null },
    { status: 'parked', stage: 'lost' },
  ],
])('takes %o as %o', (row, expected) => {
  const mapped = mapLead({ ...lead, ...row }, context);
  expect(mapped).toMatchObject({ ok: true, value: expected });
});

it.each([
  [{ zip_code: null }, 'no_zip'],
  [{ zip_code: 'nowhere' }, 'bad_zip'],
  [{ status: null }, 'unknown_status'],
  [{ assigned_location_id: 'gone' }, 'location_gone'],
  [{ assigned_location_id: null }, 'no_location'],
  [{ created_at_ms: null }, 'no_created_at'],
  [{ created_at_ms: '4102444800000' }, 'created_at_out_of_range'],
  [{ lead_score: 'NaN' }, 'bad_score'],
])('puts a lead with %o aside: %s', (row, reason) => {
  expect(mapLead({ ...lead, ...row }, context)).toEqual({ ok: false, reason });
});

it('keeps what it changes: the exact time, the word of the status, and what was written as e-mail and phone', () => {
  const mapped = mapLead(
    { ...lead, status: 'qualified', phone: 'call me', metadata: '{"big": 12345678901234567890, "ratio": 1.50}' },
    context,
  );
  const metadata = mapped.ok ? (mapped.value['metadata'] ?? '') : '';
  expect(metadata).toContain('{"big": 12345678901234567890, "ratio": 1.50, "_scaleUp": ');
  const { _scaleUp: kept } = JSON.parse(metadata) as Record<string, string>;
  expect(JSON.parse(kept ?? '')).toEqual({
    oldId: '17',
    createdAt: '2026-03-04T05:06:07.123456Z',
    status: 'qualified',
    email: 'Ann@Example.com',
    phone: 'call me',
  });
  expect(mapped).toMatchObject({
    value: { created_at: '2026-03-04T05:06:07.123Z', hashes: '{email:ann@example.com}' },
  });
});

it('names every bad place of a map', () => {
  expect(() =>
    parseSourceMap({ tables: { leads: { columns: { nonsense: 'x' } }, capacity: { columns: { day: 'd' } } } }),
  ).toThrow(/leads\.columns\.nonsense.*capacity\.columns\.day/);
  expect(() => parseSourceMap({ statuses: { Deal: 'bought' }, others: 1 })).toThrow(/statuses\.Deal.*others/s);
});
