import type { SQLOutputValue } from 'node:sqlite';

/** A row of our own file. */
export type Row = Record<string, SQLOutputValue>;

export function readText(row: Row, column: string): string {
  return String(row[column]);
}

export function readOptionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

export function readNumber(row: Row, column: string): number {
  return Number(row[column]);
}

export function readOptionalNumber(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}

export function readFlag(row: Row, column: string): boolean {
  return row[column] === 1;
}

export function readBytes(row: Row, column: string): Buffer {
  const value = row[column];
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.alloc(0);
}

/** JSON that this program wrote itself: trusted to be what its table says. */
export function readStringMap(row: Row, column: string): Readonly<Record<string, string>> {
  return JSON.parse(readText(row, column)) as Record<string, string>;
}

export function readStrings(row: Row, column: string): readonly string[] {
  return JSON.parse(readText(row, column)) as string[];
}
