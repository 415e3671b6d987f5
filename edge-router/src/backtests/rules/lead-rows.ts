import * as z from 'zod';
import { readCsvSheet } from '../../locations/rules/csv-sheet.ts';
import {
  fault,
  readDegrees,
  readPostalCode,
  readShortText,
  type CellResult,
} from '../../locations/rules/location-cells.ts';
import type { Coordinates } from '../../locations/rules/distance.ts';
import { createRowReader, type RowReader } from '../../locations/rules/row-reader.ts';
import { readJsonSheet, type CellError, type Column, type Sheet } from '../../locations/rules/sheet.ts';
import { parseState } from '../../locations/rules/states.ts';
import { ok } from '../../rules/result.ts';
import { toServiceToken } from '../../rules/service-token.ts';

/** A lead of a file, to be routed on paper. `person` is any text that is the same for the same person. */
export interface UploadedLead {
  readonly row: number;
  readonly atMs: number;
  readonly source: string;
  readonly postalCode: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly coordinates: Coordinates | null;
  readonly service: string | null;
  readonly score: number | null;
  readonly location: string | null;
  readonly person: string | null;
}

type LeadColumn =
  | 'createdAt'
  | 'source'
  | 'postalCode'
  | 'city'
  | 'state'
  | 'lng'
  | 'lat'
  | 'service'
  | 'score'
  | 'location'
  | 'person';

const MAX_ROWS = 50_000;
const MAX_SCORE = 1000;

const column = (key: LeadColumn, heading: string): Column<LeadColumn> => ({
  key,
  heading,
  isRequired: false,
  aliases: [],
});
const leadColumns: readonly Column<LeadColumn>[] = [
  column('createdAt', 'Created At'),
  column('source', 'Source'),
  column('postalCode', 'Postal Code'),
  column('city', 'City'),
  column('state', 'State'),
  column('lng', 'Lng'),
  column('lat', 'Lat'),
  column('service', 'Service'),
  column('score', 'Score'),
  column('location', 'Location'),
  column('person', 'Person'),
];
const columnsByKey = new Map(leadColumns.map((each) => [each.key, each]));
const sheetOptions = {
  columns: leadColumns,
  maxRows: MAX_ROWS,
  mapping: { 'Zip Code': 'Postal Code', Zip: 'Postal Code', ZIP: 'Postal Code' },
};

export interface LeadRows {
  /** In the order of their times. */
  readonly leads: readonly UploadedLead[];
  readonly errors: readonly CellError[];
}

/** Reads leads of a CSV's text, or of JSON rows. A row without a time has `nowMs`; columns that are not known are left alone. */
export function parseLeadRows(
  table: { readonly kind: 'csv'; readonly text: string } | { readonly kind: 'rows'; readonly rows: readonly Row[] },
  nowMs: number,
): LeadRows {
  const sheet: Sheet<LeadColumn> =
    table.kind === 'csv' ? readCsvSheet(table.text, sheetOptions) : readJsonSheet(table.rows, sheetOptions);
  const leads: UploadedLead[] = [];
  const errors = [...sheet.errors];
  for (const sheetRow of sheet.rows) {
    if (sheetRow.fault) {
      errors.push(sheetRow.fault);
      continue;
    }
    const reader = createRowReader(sheetRow, columnsByKey);
    const lead = readLead(reader, { row: sheetRow.row, nowMs });
    errors.push(...reader.errors);
    if (reader.errors.length === 0) leads.push(lead);
  }
  errors.sort((a, b) => a.row - b.row);
  return { leads: leads.sort((a, b) => a.atMs - b.atMs || a.row - b.row), errors };
}

type Row = Readonly<Record<string, unknown>>;

function readLead(reader: RowReader<LeadColumn>, { row, nowMs }: { row: number; nowMs: number }): UploadedLead {
  const text = (key: LeadColumn, maxLength: number) => reader.read(key, (cell) => readShortText(cell, maxLength));
  const lng = reader.read('lng', readDegrees);
  const lat = reader.read('lat', readDegrees);
  if ((lng === null) !== (lat === null) && reader.errors.length === 0) {
    reader.fail(lng === null ? 'lng' : 'lat', { code: 'missing', message: 'A point is both numbers, Lng and Lat.' });
  }
  return {
    row,
    atMs: reader.read('createdAt', readTime) ?? nowMs,
    source: text('source', 64) ?? 'file',
    postalCode: reader.read('postalCode', readPostalCode)?.lookup ?? null,
    city: text('city', 120),
    state: reader.read('state', readStateCode),
    coordinates: lng === null || lat === null ? null : { lng, lat },
    service: reader.read('service', (cell) => ok(toServiceToken(cell))),
    score: reader.read('score', readScore),
    location: text('location', 200),
    person: text('person', 320),
  };
}

const TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2}))?$/;

function readTime(text: string): CellResult<number> {
  const isTime = TIME.test(text) && z.iso.date().safeParse(text.slice(0, 10)).success;
  const ms = isTime ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) || ms < 0
    ? fault('bad_time', 'This is no time with its zone, such as 2026-03-31T14:05:00Z, nor a date.')
    : ok(ms);
}

function readStateCode(text: string): CellResult<string> {
  const state = parseState(text);
  return state ? ok(state.code) : fault('unknown_state', 'This is no US state, territory or Canadian province.');
}

function readScore(text: string): CellResult<number> {
  const score = /^\d{1,4}(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return score <= MAX_SCORE ? ok(score) : fault('bad_score', `This is a number from 0 to ${MAX_SCORE}.`);
}
