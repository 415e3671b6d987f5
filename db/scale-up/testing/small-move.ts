import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { describeFailure } from '../refusal.ts';
import type { Step } from '../run.ts';
import type { ScaleUpOptions } from '../scale-up.ts';
import { createDatabasePair, type DatabasePair } from './database-pair.ts';
import { SOURCE_TABLES } from './make-source.ts';

/** Two good locations and ten good leads, with a log each and a day of seats. */
export async function fillSmallSource(
  source: pg.Client,
  { more = '', tables = SOURCE_TABLES }: { more?: string; tables?: string } = {},
): Promise<void> {
  await source.query(`${tables}
    insert into locations (id, name, state, zip_code, ghl_location_id, timezone) values
      ('a', 'Boston', 'MA', '02134', 'sub-a', 'America/New_York'), ('b', 'Austin', 'TX', '73301', 'sub-b', null);
    insert into leads (email, phone, zip_code, source, assigned_location_id, status, lead_score, created_at)
      select 'person' || n || '@example.com', '(617) 555-0123', '02134', 'website', 'a', 'assigned', n,
        '2026-01-01 12:00:00.123456+00'::timestamptz + n * interval '9 days' from generate_series(1, 10) n;
    insert into lead_routing_logs (lead_id, assigned_location_id, routing_reason, created_at) select id, 'a', 'by ZIP', created_at from leads;
    insert into location_capacity (location_id, capacity_date, current_leads, max_capacity) values ('a', '2026-01-10', 1, 40);
    ${more}`);
}

/** The one line that a person is told. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'it did not fail',
    (error: unknown) => describeFailure(error),
  );
}

export interface SmallMove {
  readonly databases: DatabasePair;
  readonly folder: string;
  readonly optionsOf: (more?: Partial<ScaleUpOptions>) => ScaleUpOptions;
  /** Options of a move in which something is run when a step begins. */
  readonly during: (step: Step, sql: string, on?: 'source' | 'target') => ScaleUpOptions;
  /** A lead that Switchyard takes itself. */
  readonly arrive: (email: string) => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** Two databases without a table, and a folder for the state. */
export async function createSmallMove(serverUrl: string): Promise<SmallMove> {
  const databases = await createDatabasePair(serverUrl);
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-scale-up-'));
  const optionsOf: SmallMove['optionsOf'] = (more = {}) => ({
    from: databases.sourceUrl,
    to: databases.targetUrl,
    folder,
    personHashKey: 'a person hash key for tests, 32+ long',
    chunkRows: 4,
    ...more,
  });
  return {
    databases,
    folder,
    optionsOf,
    during: (wanted, sql, on = 'source') =>
      optionsOf({
        happened: async ({ step, what }) => {
          if (step === wanted && what === 'begun') await databases[on].query(sql);
        },
      }),
    arrive: async (email) => {
      await databases.target.query(
        `insert into leads (id, created_at, source, email, postal_code, status)
         select id, uuid_extract_timestamp(id), 'website', $1, '02134', 'parked' from (select uuidv7() as id) made`,
        [email],
      );
    },
    drop: async () => {
      await databases.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
