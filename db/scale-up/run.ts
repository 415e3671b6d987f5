import pg from 'pg';
import type { MovedLocation } from './map-location.ts';
import type { LeadContext } from './map-lead.ts';
import type { Kind, SourceTables } from './source-layout.ts';

export const STEPS = ['backup', 'create', 'locations', 'leads', 'logs', 'indexes', 'verify', 'switch'] as const;
export type Step = (typeof STEPS)[number];

export const STEP_TITLES: Readonly<Record<Step, string>> = {
  backup: 'backup',
  create: 'create',
  locations: 'migrate locations',
  leads: 'migrate leads',
  logs: 'migrate routing logs and capacity',
  indexes: 'indexes',
  verify: 'verify',
  switch: 'switch over',
};

/** Something that happened. `inside` comes once or more in the middle of every step, while its work is half done. */
export interface Happening {
  readonly step: Step;
  readonly what: 'begun' | 'inside' | 'rows' | 'done';
  readonly rows?: number;
  readonly total?: number;
}

export interface Run {
  readonly source: pg.Client;
  readonly target: pg.Client;
  readonly sourceUrl: string;
  readonly tables: SourceTables;
  readonly lead: LeadContext;
  /** The locations that have moved, by their old ids. They fit in memory; nothing else has to. */
  readonly moved: Map<string, MovedLocation>;
  readonly onBadRows: 'continue' | 'stop';
  readonly chunkRows: number;
  readonly folder: string;
  readonly checksumKey: string;
  readonly happened: (happening: Happening) => Promise<void> | void;
}

export interface BadRow {
  readonly kind: Kind;
  readonly oldId: string;
  readonly reason: string;
}

const CONNECT_TIMEOUT_MS = 15_000;
/** Whoever waits for a lock on the source's tables holds up its writers behind it. */
const LOCK_WAIT = '15s';

/** A connection of ours: times are UTC, texts are as they are by default, and a long COPY is not cut off. @throws when the database cannot be reached */
export async function connect(url: string): Promise<pg.Client> {
  const parsed = new URL(url);
  if (/^(require|prefer|verify-ca)$/.test(parsed.searchParams.get('sslmode') ?? ''))
    parsed.searchParams.set('sslmode', 'verify-full');
  const client = new pg.Client({
    connectionString: parsed.href,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'switchyard-scale-up',
  });
  client.on('error', () => {
    // A dropped connection also rejects the query in flight: that rejection is the one that is reported.
  });
  await client.connect();
  await client.query(
    `set timezone = 'UTC'; set datestyle = 'ISO'; set extra_float_digits = 1; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = '${LOCK_WAIT}'`,
  );
  return client;
}

/** One transaction, or nothing. */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>, begin = 'begin'): Promise<T> {
  await client.query(begin);
  try {
    const answer = await work();
    await client.query('commit');
    return answer;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
