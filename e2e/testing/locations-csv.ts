import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { PROJECT } from '../../local/stack/local-folder.ts';

export type SheetRow = Record<string, string>;

/** Rows of a file of examples/ as a spreadsheet shows them. */
export function readExample(name: string): SheetRow[] {
  return parseCsv(readFileSync(join(PROJECT, 'examples', name), 'utf8'));
}

export function parseCsv(text: string): SheetRow[] {
  const records: unknown = parse(text, { columns: true, bom: true, skip_empty_lines: true });
  return z.array(z.record(z.string(), z.string())).parse(records);
}

export function toCsvFile(rows: readonly SheetRow[]): File {
  const headings = Object.keys(rows[0] ?? {});
  const lines = [headings, ...rows.map((row) => headings.map((heading) => row[heading] ?? ''))];
  const text = lines.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
  return new File([text], 'locations.csv', { type: 'text/csv' });
}
