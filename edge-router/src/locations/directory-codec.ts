// How parts of the directory are written to Redis: JSON, gzip, base64. The format number in the key prefix changes
// with the shape of the rows, so a deployment never reads what another one wrote in its own way.

import { fromBase64, toBase64 } from '../rules/base64.ts';
import type { DirectoryLocation } from './rules/directory.ts';

/** Rows as compressed text. 2,000 locations come to about 120 KB, far below the 1 MB a segment may have. */
export async function encodeRows(rows: readonly unknown[]): Promise<string> {
  const stream = new Blob([JSON.stringify(rows)]).stream().pipeThrough(new CompressionStream('gzip'));
  return toBase64(new Uint8Array(await new Response(stream).arrayBuffer()));
}

/** The inverse of `encodeRows`; throws on text that is not its output. */
export async function decodeRows<Row>(text: string): Promise<readonly Row[]> {
  const bytes = fromBase64(text);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const rows: unknown = await new Response(stream).json();
  if (!Array.isArray(rows)) throw new TypeError('a directory segment is not a list');
  return rows as readonly Row[];
}

/** One location of a slice, read by itself: not worth compressing. */
export function encodeSliceRow(location: DirectoryLocation): string {
  return JSON.stringify(location);
}

/** The inverse of `encodeSliceRow`. */
export function decodeSliceRow(text: string): DirectoryLocation {
  return JSON.parse(text) as DirectoryLocation;
}
