import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readJsonFile, writePrivateFile } from '../../local/stack/private-file.ts';
import { Refusal } from './refusal.ts';

const backupSchema = z.record(z.string(), z.object({ rows: z.number(), sha256: z.string() }));
const stateSchema = z.object({
  source: z.string(),
  target: z.string(),
  phase: z.enum(['moving', 'switched', 'rolling-back', 'rolled-back']),
  startedAt: z.string(),
  doneSteps: z.array(z.string()),
  backup: backupSchema.nullable(),
  stepMs: z.record(z.string(), z.number()),
});

export type State = z.output<typeof stateSchema>;

/** A database by where it is, without its password. */
export function fingerprintOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return createHash('sha256')
    .update(`${hostname}:${port || '5432'}${pathname}`)
    .digest('hex')
    .slice(0, 16);
}

function fileIn(folder: string): string {
  return join(folder, 'state.json');
}

/** What an earlier start of the same move left behind; null when there is none. */
export function readState(folder: string): State | null {
  const found = readJsonFile(fileIn(folder));
  if (found === null) return null;
  const parsed = stateSchema.safeParse(found.content);
  if (!parsed.success) throw new Refusal(`${fileIn(folder)} is no state of a move. Name another folder with --state.`);
  return parsed.data;
}

export function writeState(folder: string, state: State): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writePrivateFile(fileIn(folder), state);
}
