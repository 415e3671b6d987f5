import { formatTable } from '../local/demo/table.ts';
import { describeOutage, type Outage } from './cause-outages.ts';
import type { Outcome } from './count-outcome.ts';

const SHOWN_IDS = 5;

export function formatOutcome(outcome: Outcome): string {
  const { sent, acknowledged, refused, unanswered, stored, people, assigned, parked, delivered } = outcome;
  const rows = [
    ['sent', sent, 'genuine webhooks, each with an id of its own'],
    ['acknowledged', acknowledged, outcome.givenUp === 0 ? '' : `${outcome.givenUp} given up by HighLevel`],
    ['refused with 429', refused, 'attempts; sent again until acknowledged'],
    ['not answered', unanswered, 'attempts that met no Worker, or one that died or failed'],
    ['stored', stored, `of those acknowledged; ${outcome.echoes} told of our own deliveries, which nothing is kept of`],
    ['people', people, 'leads by person'],
    ['assigned', assigned, `seats taken: ${outcome.seatsTaken} of ${outcome.seats}`],
    ['parked', parked, ''],
    ['delivered', delivered, 'contacts in the sub-accounts'],
    ['twice', outcome.twice, ''],
    ['lost', outcome.lost, ''],
  ] as const;
  const forgeries = outcome.forgeries.map(({ kind, sent, answers }) => [kind, sent, answers]);
  return [
    formatTable(rows),
    '\n  None of these got in:',
    formatTable(forgeries),
    ...outcome.faults.map(
      ({ what, ids }) =>
        `✗ ${what}: ${ids.length}, ${ids.slice(0, SHOWN_IDS).join('; ')}${ids.length > SHOWN_IDS ? '; …' : ''}`,
    ),
  ].join('\n');
}

export function formatOutages(outages: readonly Outage[], startedAtMs: number): string {
  return outages
    .map(
      (outage) => `  ${((outage.killedAtMs - startedAtMs) / 1000).toFixed(0).padStart(5)} s  ${describeOutage(outage)}`,
    )
    .join('\n');
}
