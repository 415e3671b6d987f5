import { neon, neonConfig } from '@neondatabase/serverless';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/neon-http';
import { bigint, boolean, integer, jsonb, numeric, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../testing/test-database.ts';
import type { TestDatabase } from '../testing/test-database.ts';

const boats = pgTable('boats', {
  id: uuid().primaryKey(),
  name: text().notNull().unique(),
  lengthCm: integer('length_cm'),
  tonnage: bigint({ mode: 'bigint' }),
  price: numeric(),
  isAfloat: boolean('is_afloat').notNull().default(true),
  tags: text().array().notNull(),
  papers: jsonb().$type<{ flag: string; ports: string[] }>(),
  launchedAt: timestamp('launched_at', { withTimezone: true }),
});
const first = {
  id: '0192f0c1-7d3a-7b5e-8c1d-2e3f4a5b6c7d',
  name: 'Ørn 🚢',
  lengthCm: 1250,
  tonnage: 9_007_199_254_740_993n,
  price: '19999.90',
  isAfloat: true,
  tags: ['sail', 'a "b" {c}'],
  papers: { flag: 'NO', ports: ['Tromsø'] },
  launchedAt: new Date('2026-03-01T08:30:00.250Z'),
};

let database: TestDatabase;
let db: ReturnType<typeof createDb>;

function createDb(url: string) {
  return drizzle({ client: neon(url) });
}

beforeAll(async () => {
  database = await createTestDatabase();
  neonConfig.fetchEndpoint = database.endpoint;
  db = createDb(database.url);
  await db.execute(sql`create table boats (id uuid primary key, name text not null unique, length_cm int, tonnage bigint,
    price numeric, is_afloat bool not null default true, tags text[] not null, papers jsonb, launched_at timestamptz)`);
});

beforeEach(async () => {
  await db.delete(boats);
});

afterAll(() => database.drop());

test('what is inserted comes back with its types, from returning and from select', async () => {
  expect(await db.insert(boats).values(first).returning()).toEqual([first]);
  expect(await db.select().from(boats).where(eq(boats.name, first.name))).toEqual([first]);
});

test('nulls and defaults come back as such', async () => {
  const bare = { id: first.id, name: 'bare', tags: [] };
  const nothing = { lengthCm: null, tonnage: null, price: null, papers: null, launchedAt: null };
  expect(await db.insert(boats).values(bare).returning()).toEqual([{ ...bare, ...nothing, isAfloat: true }]);
});

test('a batch commits all its statements', async () => {
  const [, updated, found] = await db.batch([
    db.insert(boats).values(first),
    db.update(boats).set({ isAfloat: false }).returning({ isAfloat: boats.isAfloat }),
    db.select({ name: boats.name }).from(boats),
  ]);
  expect(updated).toEqual([{ isAfloat: false }]);
  expect(found).toEqual([{ name: first.name }]);
});

test('a batch that fails leaves nothing and throws what PostgreSQL said', async () => {
  const twice = db.batch([db.insert(boats).values(first), db.insert(boats).values(first)]);
  await expect(twice).rejects.toMatchObject({ code: '23505', constraint: 'boats_pkey' });
  expect(await db.$count(boats)).toBe(0);
});

test('a unique violation is the cause of the failed query', async () => {
  await db.insert(boats).values(first);
  await expect(db.insert(boats).values(first)).rejects.toMatchObject({
    cause: { code: '23505', constraint: 'boats_pkey', table: 'boats' },
  });
});
