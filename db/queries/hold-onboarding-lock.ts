import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export interface OnboardingLock {
  /** What is held; no person's data. */
  readonly name: string;
  /** Who holds it: nobody else may give it back. */
  readonly holder: string;
}

/** Takes a lock for `seconds`, or prolongs one's own; false while somebody else holds it. */
export async function holdOnboardingLock(
  database: Database,
  { name, holder, seconds }: OnboardingLock & { readonly seconds: number },
): Promise<boolean> {
  const statement = sql`
    insert into onboarding_locks as l (name, holder, held_until)
    values (${name}::text, ${holder}::text, clock_timestamp() + make_interval(secs => ${seconds}::int))
    on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
    where l.holder = excluded.holder or l.held_until <= clock_timestamp()
    returning name`;
  const held = await readRows(database, statement, z.object({ name: z.string() }));
  return held.length > 0;
}

/** Gives a lock back; one that ended and was taken by somebody else stays theirs. */
export async function releaseOnboardingLock(database: Database, { name, holder }: OnboardingLock): Promise<void> {
  const statement = sql`delete from onboarding_locks where name = ${name}::text and holder = ${holder}::text returning name`;
  await readRows(database, statement, z.object({ name: z.string() }));
}
