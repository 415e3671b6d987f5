import { deliverJob, takeJobs } from '../../backtests/testing/deliver-jobs.ts';
import type { TestRouter } from '../../testing/test-router.ts';

/**
 * Delivers the messages of reports, and those that come of them, each `times` times; one with an id that came before is dropped, as QStash
 * does. @returns how many there were
 */
export async function deliverReports(router: TestRouter, times = 1): Promise<number> {
  const seen = new Set<unknown>();
  for (let waiting = takeReports(router); waiting.length > 0; waiting = takeReports(router)) {
    for (const message of waiting) {
      if (seen.has(message.deduplicationId)) continue;
      seen.add(message.deduplicationId);
      for (let time = 0; time < times; time++) {
        const status = await deliverJob(router, message);
        if (status !== 204) throw new Error(`the job answered ${status}`);
      }
    }
  }
  return seen.size;
}

export function takeReports(router: TestRouter): ReturnType<typeof takeJobs> {
  return takeJobs(router, 'count-report');
}
