import { z } from 'zod';
import { formatTable } from '../demo/table.ts';

const place = z.object({ name: z.string(), franchiseCode: z.string() });
const counts = z.record(z.string(), z.number());
const side = z.object({ assigned: z.number(), parked: z.number(), parkedByReason: counts, byMatchLevel: counts });
const totals = z.object({ location: place, before: z.number(), after: z.number(), change: z.number() });

export const backtestSchema = z.object({
  id: z.string(),
  status: z.enum(['running', 'finished', 'cancelled', 'failed']),
  total: z.number(),
  done: z.number(),
  error: z.string().nullable(),
  result: z
    .object({
      leads: z.number(),
      duplicates: z.number(),
      moved: z.number(),
      before: side,
      after: side,
      gains: z.array(totals),
      losses: z.array(totals),
      pairs: z.array(z.object({ from: place.nullable(), to: place.nullable(), leads: z.number() })),
    })
    .nullish(),
});

export type Backtest = z.output<typeof backtestSchema>;

const PAIRS_SHOWN = 10;

/** What a backtest came to, as tables. */
export function describeResult({ result }: Backtest): string[] {
  if (!result) return [];
  const { before, after } = result;
  const row = (name: string, was: number, is: number): (string | number)[] => [name, was, is, signed(is - was)];
  const byKey = (name: string, was: Record<string, number>, is: Record<string, number>): (string | number)[][] =>
    [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .sort()
      .map((key) => row(`${name}${key}`, was[key] ?? 0, is[key] ?? 0));
  const rows = [
    ['', 'before', 'after', 'change'],
    row('assigned', before.assigned, after.assigned),
    ...byKey('  ', before.byMatchLevel, after.byMatchLevel),
    row('parked', before.parked, after.parked),
    ...byKey('  ', before.parkedByReason, after.parkedByReason),
  ];
  const locations = [...result.gains, ...result.losses].map(({ location, ...each }) =>
    row(`${location.franchiseCode} ${location.name}`, each.before, each.after),
  );
  const pairs = result.pairs
    .slice(0, PAIRS_SHOWN)
    .map(({ from, to, leads }) => [
      from?.franchiseCode ?? 'parking lot',
      '→',
      to?.franchiseCode ?? 'parking lot',
      leads,
    ]);
  return [
    `${result.leads} leads, ${result.duplicates} duplicates among them; ${result.moved} move`,
    formatTable(rows),
    ...(locations.length > 0 ? ['those that gain and lose most:', formatTable([rows[0] ?? [], ...locations])] : []),
    ...(pairs.length > 0 ? ['from whom to whom:', formatTable(pairs)] : []),
  ];
}

function signed(change: number): string {
  return change > 0 ? `+${change}` : String(change);
}
