import type { LeadOutcome, RoutedLead } from './send-leads.ts';
import { formatTable } from './table.ts';

const SHOWN_FAILURES = 5;

/** What became of the leads, as lines for a person. */
export function describeOutcomes(outcomes: readonly LeadOutcome[]): string {
  const routed = outcomes.flatMap((outcome) => (outcome.kind === 'routed' ? [outcome.lead] : []));
  const failed = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome] : []));
  const assigned = routed.filter(({ status }) => status === 'assigned');
  const parked = routed.filter(({ status }) => status === 'parked');
  const rows = [
    ...countBy(routed, ({ status }) => status).flatMap(([status, count]) => [
      [status, count],
      ...detailsOf(status, { assigned, parked }),
    ]),
    ['replayed (known from an earlier run)', routed.filter(({ replayed }) => replayed).length],
    ['failed', failed.length],
  ];
  const failures = failed.slice(0, SHOWN_FAILURES).map(({ externalId, reason }) => `  ${externalId}: ${reason}`);
  return [formatTable(rows), ...failures, describeTimes(routed)].join('\n');
}

function detailsOf(status: string, { assigned, parked }: Record<'assigned' | 'parked', RoutedLead[]>) {
  const details =
    status === 'assigned'
      ? countBy(assigned, ({ decision }) => `by ${decision.matchLevel}`)
      : status === 'parked'
        ? countBy(parked, ({ decision }) => decision.parkedReason ?? 'no reason given')
        : [];
  return details.map(([detail, count]) => [`  ${detail}`, count]);
}

function describeTimes(routed: readonly RoutedLead[]): string {
  const sorted = routed.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return `  p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (development server; not a benchmark)`;
}

/** Most frequent first. */
function countBy<T>(items: readonly T[], keyOf: (item: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
