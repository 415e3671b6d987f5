import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import * as analytics from './analytics.ts';
import * as backtests from './backtests.ts';
import * as deliveries from './deliveries.ts';
import * as directory from './directory.ts';
import * as highlevel from './highlevel.ts';
import * as leadArchive from './lead-archive.ts';
import * as leads from './leads.ts';
import * as onboardingBatches from './onboarding-batches.ts';
import * as onboardingDrift from './onboarding-drift.ts';
import * as onboardingPlans from './onboarding-plans.ts';
import * as onboardingRuns from './onboarding-runs.ts';
import * as scaleUp from './scale-up.ts';
import * as people from './people.ts';
import * as subscriptions from './subscriptions.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const tables = [
  analytics,
  backtests,
  deliveries,
  directory,
  highlevel,
  leadArchive,
  leads,
  onboardingBatches,
  onboardingDrift,
  onboardingPlans,
  onboardingRuns,
  scaleUp,
  people,
  subscriptions,
]
  .flatMap((schema): unknown[] => Object.values(schema))
  .filter((value) => value instanceof PgTable);

/** Kept by the migration runner, which is older than any schema. */
const NOT_MIRRORED = new Set(['schema_migrations']);

it('has every table and column of the migrations, with its type and nullability, and no other', async () => {
  const { rows } = await database.pool.query<{ line: string; table: string }>(`
    select c.relname as table, c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, null)
      || case when a.attnotnull then ' not null' else '' end as line
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped`);
  const migrated = rows.filter(({ table }) => !NOT_MIRRORED.has(table)).map(({ line }) => line);
  const mirrored = tables.flatMap((table) => {
    const { name, columns, primaryKeys } = getTableConfig(table);
    const keys = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)));
    return columns.map((column) => {
      const isRequired = column.notNull || column.primary || keys.has(column.name);
      return `${name}.${column.name} ${column.getSQLType()}${isRequired ? ' not null' : ''}`;
    });
  });
  expect(mirrored.sort()).toEqual(migrated.sort());
});

it('the archive has the columns of the tables that its rows come from, in their order', async () => {
  const { rows } = await database.pool.query<{ schema: string; table: string; columns: string }>(`
    select c.relnamespace::regnamespace::text as schema, c.relname as table,
      string_agg(a.attname || ' ' || format_type(a.atttypid, null), ', ' order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and c.relname in (
      select relname from pg_class where relnamespace = 'archive'::regnamespace and relkind = 'r')
    group by 1, 2`);
  const columnsIn = (schema: string): Map<string, string> =>
    new Map(rows.filter((row) => row.schema === schema).map(({ table, columns }) => [table, columns]));
  expect([...columnsIn('archive').keys()].sort()).toEqual(['deliveries', 'lead_clocks', 'lead_events']);
  expect(columnsIn('archive')).toEqual(columnsIn('public'));
});
