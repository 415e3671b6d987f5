import { PgDialect } from 'drizzle-orm/pg-core';
import type { SQL } from 'drizzle-orm';
import pg from 'pg';
import * as z from 'zod';
import type { Database } from '../database.ts';

interface PlanNode {
  readonly type: string;
  readonly relation: string | null;
  readonly index: string | null;
  /** 0 for what the executor left out, such as a partition that a value pruned. */
  readonly loops: number;
  readonly plans: readonly PlanNode[];
}

const nodeSchema: z.ZodType<PlanNode> = z
  .object({
    'Node Type': z.string(),
    'Relation Name': z.string().optional(),
    'Index Name': z.string().optional(),
    'Actual Loops': z.number(),
    get Plans() {
      return z.array(nodeSchema).optional();
    },
  })
  .transform((node) => ({
    type: node['Node Type'],
    relation: node['Relation Name'] ?? null,
    index: node['Index Name'] ?? null,
    loops: node['Actual Loops'],
    plans: node.Plans ?? [],
  }));

const planSchema = z.object({ 'Query Text': z.string(), Plan: nodeSchema });

/** A scan as it was really made. */
export interface Scan {
  readonly type: string;
  readonly relation: string | null;
  readonly index: string | null;
}

/**
 * Runs what `ask` asks as the Worker would, on a connection of its own that is rolled back, and answers every scan that Postgres made
 * for it, those inside functions and triggers included.
 */
export async function readScans(url: string, ask: (database: Database) => Promise<unknown>): Promise<Scan[]> {
  const client = new pg.Client(url);
  const scans: Scan[] = [];
  client.on('notice', ({ message }) => {
    const json = message?.slice(message.indexOf('{')) ?? '';
    if (message?.includes('plan:')) scans.push(...listScans(planSchema.parse(JSON.parse(json)).Plan));
  });
  await client.connect();
  try {
    await client.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
      set auto_explain.log_analyze = on; set auto_explain.log_timing = off; set auto_explain.log_format = json;
      set auto_explain.log_level = notice; begin`);
    await ask(overConnection(client));
    await client.query('rollback');
  } finally {
    await client.end();
  }
  return scans;
}

function listScans(node: PlanNode): Scan[] {
  if (node.loops === 0) return [];
  const { type, relation, index } = node;
  const own = /Scan/.test(type) && (relation ?? index) !== null ? [{ type, relation, index }] : [];
  return [...own, ...node.plans.flatMap((plan) => listScans(plan))];
}

/** The Worker's database, as far as queries use it, over one connection. */
function overConnection(client: pg.Client): Database {
  const dialect = new PgDialect();
  const database: Pick<Database, 'askJson'> & { execute: (statement: SQL) => Promise<unknown> } = {
    execute: (statement) => {
      const { sql, params } = dialect.sqlToQuery(statement);
      return client.query(sql, params);
    },
    askJson: async (statement, json) => {
      const { rows } = await client.query<unknown[]>({ text: statement, values: [json], rowMode: 'array' });
      return rows[0]?.[0];
    },
  };
  return database as Database;
}
