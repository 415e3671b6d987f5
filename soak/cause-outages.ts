// Kills parts while webhooks come, one after the other and then two at once, each for a share of the webhooks, and brings them back.
import { setTimeout as delay } from 'node:timers/promises';
import type { PartName, SoakStack } from './stack.ts';

/** One round; each part may be killed in the middle of what the one before has left. */
const turns: readonly (readonly PartName[])[] = [
  ['redis'],
  ['postgres'],
  ['qstash'],
  ['sandbox'],
  ['workerd'],
  ['redis', 'postgres'],
  ['redis', 'qstash'],
  ['redis', 'sandbox'],
  ['postgres', 'qstash'],
  ['postgres', 'sandbox'],
  ['qstash', 'sandbox'],
  ['workerd'],
];
const WEBHOOKS_PER_ROUND = 5000;
/** A part is killed after the first of these shares of a turn's webhooks, and back after the second. */
const KILLED_AFTER = 0.3;
const BACK_AFTER = 0.7;
const OUTAGE_MS = 1000;
/** Where what is away keeps webhooks from coming. */
const MAX_OUTAGE_MS = 15_000;
const POLL_MS = 20;

export interface Outage {
  readonly parts: readonly PartName[];
  readonly killedAtMs: number;
  readonly backAtMs: number;
  /** Webhooks that came first while it was away. */
  readonly webhooks: number;
}

export interface OutagePlan {
  readonly rounds: number;
  readonly webhooksPerTurn: number;
}

export function planOutages(webhooks: number): OutagePlan {
  const rounds = Math.max(1, Math.round(webhooks / WEBHOOKS_PER_ROUND));
  return { rounds, webhooksPerTurn: Math.floor(webhooks / (rounds * turns.length)) };
}

export interface Outages {
  /** Whether another webhook may be sent for the first time; while a part is away those of its turn come evenly. */
  readonly mayBeSent: () => boolean;
  readonly isAway: () => boolean;
  /** Resolves with all of them; ends early when no webhooks come any more. */
  readonly ended: Promise<Outage[]>;
}

interface Scene {
  readonly parts: SoakStack['parts'];
  readonly plan: OutagePlan;
  readonly countSent: () => number;
  readonly isOver: () => boolean;
  readonly log: (line: string) => void;
}

export function startOutages({ parts, plan, countSent, isOver, log }: Scene): Outages {
  const all = Array.from({ length: plan.rounds }, () => turns).flat();
  let allowed = (): number => 0;
  let isAway = false;
  const waitUntilSent = async (count: number, deadlineMs = Infinity): Promise<void> => {
    while (countSent() < count && !isOver() && performance.now() < deadlineMs) await delay(POLL_MS);
  };

  async function runTurn(turn: number, names: readonly PartName[]): Promise<Outage> {
    const sentBy = (share: number): number => Math.floor((turn + share) * plan.webhooksPerTurn);
    allowed = () => sentBy(KILLED_AFTER);
    await waitUntilSent(sentBy(KILLED_AFTER));
    const before = countSent();
    const killedAtMs = performance.now();
    isAway = true;
    await Promise.all(names.map((name) => parts[name].kill()));
    allowed = () => {
      const share = Math.min(1, (performance.now() - killedAtMs) / OUTAGE_MS);
      return before + share * (sentBy(BACK_AFTER) - before);
    };
    await Promise.all([waitUntilSent(sentBy(BACK_AFTER), killedAtMs + MAX_OUTAGE_MS), delay(OUTAGE_MS)]);
    const webhooks = countSent() - before;
    await Promise.all(names.map((name) => parts[name].restart()));
    isAway = false;
    return { parts: names, killedAtMs, backAtMs: performance.now(), webhooks };
  }

  async function runAll(): Promise<Outage[]> {
    const outages: Outage[] = [];
    for (const [turn, names] of all.entries()) {
      const outage = await runTurn(turn, names);
      outages.push(outage);
      log(`${turn + 1}/${all.length} ${describeOutage(outage)}`);
    }
    allowed = () => Infinity;
    return outages;
  }

  const ended = runAll();
  return { mayBeSent: () => countSent() < allowed(), isAway: () => isAway, ended };
}

export function describeOutage({ parts, killedAtMs, backAtMs, webhooks }: Outage): string {
  const seconds = ((backAtMs - killedAtMs) / 1000).toFixed(1);
  return `${parts.join(' and ')} killed, back after ${seconds} s; ${webhooks} webhooks came meanwhile`;
}
