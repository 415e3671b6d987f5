import * as z from 'zod';
import type { Database } from '../../../db/database.ts';
import type { AnalyticsReport } from '../../../db/queries/analytics-report-row.ts';
import { dayCountsSchema, type DayCursor, type DayRow } from '../../../db/queries/count-location-days.ts';
import { readLocationNames } from '../../../db/queries/read-location-names.ts';

const SHARE_DIGITS = 4;

export const locationDaySchema = z
  .object({
    location: z.object({ id: z.string(), name: z.string(), franchiseCode: z.string() }),
    day: z.string().describe('the location’s own day'),
  })
  .extend(dayCountsSchema.shape)
  .extend({
    conversionRate: z.number().nullable().describe('won by leads; null without leads'),
    utilisation: z.number().nullable().describe('seats taken by the cap, more than 1 where it is overrun'),
  });

type LocationDay = z.output<typeof locationDaySchema>;

/** A page of rows; `nextCursor` asks for the next one. */
export interface RowPage {
  readonly items: readonly LocationDay[];
  readonly nextCursor: string | null;
}

export const shownReportSchema = z.object({
  id: z.string(),
  status: z.enum(['running', 'finished', 'failed']),
  from: z.string(),
  to: z.string(),
  locationIds: z.array(z.string()).nullable().describe('null: all'),
  locations: z.int(),
  percent: z.int(),
  replicaLagSeconds: z
    .number()
    .nullable()
    .describe('how far the replica was behind at most; null where it was not read'),
  error: z.string().nullable().describe('`gave_up`, where it failed: ask again'),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
  url: z.string().describe('how far it is, and its rows'),
});

export function showReport(report: AnalyticsReport): z.output<typeof shownReportSchema> {
  const { reportId, slice, slices, ...rest } = report;
  const percent = slices === 0 ? 100 : Math.floor((100 * slice) / slices);
  return { id: reportId, ...rest, percent, url: `/v1/analytics/reports/${reportId}` };
}

/** Rows with the names of their locations; one more than `limit` says that there is a next page. */
export async function showRows(
  database: Database,
  { rows, limit }: { rows: readonly DayRow[]; limit: number },
): Promise<RowPage> {
  const shown = rows.slice(0, limit);
  const ids = [...new Set(shown.map(({ locationId }) => locationId))];
  const names = new Map((await readLocationNames(database, ids)).map((name) => [name.id, name]));
  const last = shown.at(-1);
  return {
    items: shown.map(({ locationId, day, counts }) => ({
      location: names.get(locationId) ?? { id: locationId, name: '', franchiseCode: '' },
      day,
      ...counts,
      conversionRate: divide(counts.won, counts.leads),
      utilisation: divide(counts.used, counts.dailyCap),
    })),
    nextCursor: rows.length > limit && last ? `${last.locationId}:${last.day}` : null,
  };
}

/** A cursor that `showRows` gave, or null for any other text. */
export function readDayCursor(text: string): DayCursor | null {
  const [, locationId, day] = /^([0-9a-f-]{36}):(\d{4}-\d{2}-\d{2})$/.exec(text) ?? [];
  return locationId !== undefined && day !== undefined ? { locationId, day } : null;
}

function divide(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : Number((part / whole).toFixed(SHARE_DIGITS));
}
