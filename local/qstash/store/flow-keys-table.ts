import type { DatabaseSync } from 'node:sqlite';
import { NO_LIMITS, type FlowLimits } from '../protocol/flow-control.ts';
import { readFlag, readNumber, readOptionalNumber, readText, type Row } from './columns.ts';

export type FlowKey = {
  readonly key: string;
  readonly limits: FlowLimits;
  /** While pinned, what messages say of it is ignored. */
  readonly pinnedParallelism: boolean;
  readonly pinnedRate: boolean;
  readonly paused: boolean;
  /** Calls started in the current period. */
  readonly rateCount: number;
  readonly periodStartMs: number;
};

/** How much of the current period is used. */
export type RateUse = Pick<FlowKey, 'key' | 'rateCount' | 'periodStartMs'>;

export function createFlowKey(key: string): FlowKey {
  return {
    key,
    limits: NO_LIMITS,
    pinnedParallelism: false,
    pinnedRate: false,
    paused: false,
    rateCount: 0,
    periodStartMs: 0,
  };
}

export function createFlowKeysTable(database: DatabaseSync) {
  const selectOne = database.prepare('SELECT * FROM flow_keys WHERE key = ?');
  const selectAll = database.prepare('SELECT * FROM flow_keys ORDER BY key');
  const replaceRow = database.prepare(
    `INSERT OR REPLACE INTO flow_keys
       (key, parallelism, rate, period_seconds, pinned_parallelism, pinned_rate, paused, rate_count, period_start)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const updateRate = database.prepare('UPDATE flow_keys SET rate_count = ?, period_start = ? WHERE key = ?');
  const deleteRow = database.prepare('DELETE FROM flow_keys WHERE key = ?');

  return {
    find(key: string): FlowKey | undefined {
      const row = selectOne.get(key);
      return row === undefined ? undefined : toFlowKey(row);
    },
    list: (): FlowKey[] => selectAll.all().map(toFlowKey),
    put(flowKey: FlowKey): void {
      const { key, limits, pinnedParallelism, pinnedRate, paused, rateCount, periodStartMs } = flowKey;
      replaceRow.run(
        key,
        limits.parallelism ?? null,
        limits.rate ?? null,
        limits.periodSeconds,
        Number(pinnedParallelism),
        Number(pinnedRate),
        Number(paused),
        rateCount,
        periodStartMs,
      );
    },
    saveRate: ({ key, rateCount, periodStartMs }: RateUse): void => void updateRate.run(rateCount, periodStartMs, key),
    remove: (key: string): void => void deleteRow.run(key),
  };
}

function toFlowKey(row: Row): FlowKey {
  return {
    key: readText(row, 'key'),
    limits: {
      parallelism: readOptionalNumber(row, 'parallelism'),
      rate: readOptionalNumber(row, 'rate'),
      periodSeconds: readNumber(row, 'period_seconds'),
    },
    pinnedParallelism: readFlag(row, 'pinned_parallelism'),
    pinnedRate: readFlag(row, 'pinned_rate'),
    paused: readFlag(row, 'paused'),
    rateCount: readNumber(row, 'rate_count'),
    periodStartMs: readNumber(row, 'period_start'),
  };
}
