import { parse } from 'csv-parse/sync';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import type { KnownAddress } from './gazetteer.ts';
import { toStreetKey } from './street-key.ts';

const MAX_ADDRESSES = 10_000;

/**
 * Answers a batch, `id, street, city, state, ZIP` in each line and no header. Lines come back in another order, as the real
 * one's do; an address that is not known, or is one of several, has three columns.
 */
export function answerBatch(csv: string, known: readonly KnownAddress[]): Result<string, string> {
  const lines = readLines(csv);
  if (lines === null) return err('The address file cannot be read as CSV.');
  if (lines.length === 0) return err('The address file is empty.');
  if (lines.length > MAX_ADDRESSES) {
    return err(`The address file has ${lines.length} records; the limit is ${MAX_ADDRESSES}.`);
  }
  const byStreet = Map.groupBy(known, ({ street, state }) => `${street}, ${state}`);
  const answers = lines.map((line) => answerLine(line, byStreet));
  return ok(`${answers.toReversed().join('\n')}\n`);
}

function readLines(csv: string): string[][] | null {
  try {
    return parse(csv, { relax_column_count: true, trim: true, skip_empty_lines: true, bom: true });
  } catch {
    return null;
  }
}

function answerLine(line: readonly string[], byStreet: ReadonlyMap<string, readonly KnownAddress[]>): string {
  const [id = '', street = '', city = '', state = '', zip = ''] = line;
  const input = [street, city, state, zip].filter((cell) => cell !== '').join(', ');
  const found = byStreet.get(`${toStreetKey(street)}, ${state.toUpperCase()}`) ?? [];
  const scored = found.map((address) => ({ address, agrees: countAgreements(address, { city, zip }) }));
  const most = Math.max(0, ...scored.map(({ agrees }) => agrees));
  // A city and a ZIP that are given and that both contradict are another place.
  const best = most === 0 && city !== '' && zip !== '' ? [] : scored.filter(({ agrees }) => agrees === most);
  const [match] = best;
  if (!match) return writeLine([id, input, 'No_Match']);
  if (best.length > 1) return writeLine([id, input, 'Tie']);
  const { address } = match;
  return writeLine([
    id,
    input,
    'Match',
    most === 2 ? 'Exact' : 'Non_Exact',
    `${address.street}, ${address.city}, ${address.state}, ${address.zip}`,
    `${address.lng.toFixed(12)},${address.lat.toFixed(12)}`,
    address.tigerLineId,
    address.side,
  ]);
}

function countAgreements(address: KnownAddress, { city, zip }: { city: string; zip: string }): number {
  return Number(address.city === city.toUpperCase()) + Number(address.zip === zip.slice(0, 5));
}

function writeLine(cells: readonly string[]): string {
  return cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');
}
