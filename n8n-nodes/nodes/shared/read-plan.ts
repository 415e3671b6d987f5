// A plan as the router answers it, and its rows. The rows of a plan stay in the router for 7 days.
import type { IDataObject } from 'n8n-workflow';
import type { Failure } from './failure';
import type { Switchyard } from './transport';

const PAGE_SIZE = 500;
/** The router takes 10,000 rows in one plan. */
const MAX_PAGES = 100;

export type PlanRows = { readonly rows: readonly IDataObject[] } | { readonly failure: Failure };

/** All rows of a plan in the file's order, page by page. */
export async function readPlanRows(switchyard: Switchyard, planId: string): Promise<PlanRows> {
  const rows: IDataObject[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const path = `/v1/onboarding/plans/${encodeURIComponent(planId)}/rows`;
    const sent = await switchyard.send({ method: 'GET', path, query: { limit: PAGE_SIZE, cursor } });
    if (!sent.ok) return { failure: sent.failure };
    const { items, nextCursor } = sent.answer.body as { items: IDataObject[]; nextCursor: string | number | null };
    rows.push(...items);
    if (nextCursor === null || nextCursor === undefined) break;
    cursor = String(nextCursor);
  }
  return { rows };
}

export function summarisePlan(plan: IDataObject): IDataObject {
  const { id, counts, estimate, runnable, onInvalid, mapping, unknownColumns, warningCounts, expiresAt } = plan;
  return { planId: id, runnable, onInvalid, counts, estimate, mapping, unknownColumns, warningCounts, expiresAt };
}
