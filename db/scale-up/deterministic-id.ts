import { createHash } from 'node:crypto';

/** An id with the form of a UUIDv7: its time is `atMs`, the rest is made of the old id. The same row gets the same id. */
export function deterministicId({ kind, oldId, atMs }: { kind: string; oldId: string; atMs: number }): string {
  const time = Math.max(0, atMs).toString(16).padStart(12, '0');
  const hash = createHash('sha256').update(`switchyard:${kind}:${oldId}`).digest('hex');
  const variant = ((Number.parseInt(hash.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
