import type { Database } from '../../../db/database.ts';
import type { AnalyticsReport } from '../../../db/queries/analytics-report-row.ts';
import { countLocationDays, type DayCursor, type DayRow } from '../../../db/queries/count-location-days.ts';
import { countKnownLocations } from '../../../db/queries/count-known-locations.ts';
import { createAnalyticsReport } from '../../../db/queries/create-analytics-report.ts';
import { findKeptReport } from '../../../db/queries/find-kept-report.ts';
import { invalidInput } from '../http/body.ts';
import { hashText } from '../http/hash.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { ReportDeps } from './report-deps.ts';
import { askForReportSlice, REPORT_DUE_SECONDS } from './report-messages.ts';
import type { ReportAnswer } from './report-reader.ts';
import { countDays, countSlices, type ReportSpan } from './rules/report-slices.ts';
import { showRows, type RowPage } from './shown-report.ts';

/** What one request may count: a month of 500 locations. A location on a day is a cell. */
const MAX_DIRECT_DAYS = 31;
const MAX_DIRECT_CELLS = 31 * 500;
const MAX_CELLS = 6_000_000;
const MAX_RUNNING = 20;
const RETRY_AFTER_SECONDS = 60;

export interface ReportRequest {
  readonly from: string;
  readonly to: string;
  /** In order; null is all. */
  readonly locationIds: readonly string[] | null;
  readonly after: DayCursor | null;
  readonly limit: number;
}

export type AskedReport =
  | { readonly kind: 'counted'; readonly answer: ReportAnswer<RowPage> }
  | { readonly kind: 'report'; readonly report: AnalyticsReport };

/**
 * Counts what one request may count; a longer time is a report, which is kept for whoever asks the same.
 * @returns `invalid_input` for locations that are not there or too much in all, `rate_limited` while too many reports run
 */
export async function askReport(deps: ReportDeps, request: ReportRequest): Promise<Result<AskedReport, ApiError>> {
  const { from, to, locationIds } = request;
  const { locations, unknown } = await countKnownLocations(deps.database, locationIds);
  if (unknown.length > 0) {
    return err(
      invalidInput(
        unknown.map((value) => ({
          field: 'locationIds',
          value,
          code: 'unknown_location',
          message: 'There is no such location.',
        })),
      ),
    );
  }
  const span: ReportSpan = { from, to, locations };
  const cells = countDays(span) * locations;
  if (countDays(span) <= MAX_DIRECT_DAYS && cells <= MAX_DIRECT_CELLS)
    return ok(await countNow(deps, { ...request, ...span }));
  if (cells > MAX_CELLS) {
    const most = MAX_CELLS.toLocaleString('en-US');
    const message = `A report has at most ${most} days of locations: choose a shorter time, or name locations.`;
    return err(invalidInput([{ field: 'to', code: 'too_much', message }]));
  }
  return keepReport(deps, { ...span, locationIds });
}

async function countNow({ reports }: ReportDeps, request: ReportRequest & ReportSpan): Promise<AskedReport> {
  const answer = await reports.read(async (database) =>
    showRows(database, { rows: await countPage(database, request), limit: request.limit }),
  );
  return { kind: 'counted', answer };
}

/** One row more than the page has. No more locations are counted than fill it, or twice as many where they have days without anything. */
async function countPage(
  database: Database,
  { locations, limit, ...question }: ReportRequest & ReportSpan,
): Promise<DayRow[]> {
  const rows: DayRow[] = [];
  let take = Math.ceil((limit + 1) / countDays(question));
  for (let skip = 0; skip < locations && rows.length <= limit; skip += take, take *= 2)
    rows.push(...(await countLocationDays(database, { ...question, skip, take, limit: limit + 1 - rows.length })));
  return rows;
}

async function keepReport(
  deps: ReportDeps,
  { locationIds, ...span }: ReportSpan & Pick<ReportRequest, 'locationIds'>,
): Promise<Result<AskedReport, ApiError>> {
  const { from, to, locations } = span;
  const question = hashText(JSON.stringify([from, to, locationIds]));
  const kept = await findKeptReport(deps.database, question);
  if (kept) return ok({ kind: 'report', report: kept });
  const reportId = deps.newId();
  const made = await createAnalyticsReport(deps.database, {
    reportId,
    question,
    from,
    to,
    locationIds,
    locations,
    slices: countSlices(span),
    maxRunning: MAX_RUNNING,
    dueSeconds: REPORT_DUE_SECONDS,
  });
  if (made) await askForReportSlice(deps, { reportId, slice: 0 });
  // Somebody else may have asked the same in the same moment.
  const report = await findKeptReport(deps.database, question);
  if (report) return ok({ kind: 'report', report });
  const detail = `${MAX_RUNNING} reports are being computed: ask again later.`;
  return err({ kind: 'rate_limited', detail, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
