import { createFlowKey, type FlowKey, type RateUse } from '../store/flow-keys-table.ts';
import { createOrderedHeap, type HeapNode, type OrderedHeap } from './ordered-heap.ts';

/** What may wait in a lane. */
export type Waiting = { readonly flowKey: string | undefined; readonly dueAtMs: number; readonly seq: number };

type Lane<T> = {
  flow: FlowKey;
  rateCount: number;
  periodStartMs: number;
  /** Calls under way. */
  active: number;
  readonly waiting: OrderedHeap<T>;
  turn: HeapNode<Lane<T>> | undefined;
  /** When the lane will be looked at again because its period is over. */
  wakesAtMs: number;
};

type LaneOptions = {
  /** Periods are divided by it. */
  readonly timeScale: number;
  /** Asked to call `reopen` at that time, when a lane's period has been used up. */
  readonly onUsedUp: (key: string, untilMs: number) => void;
};

/**
 * Due messages, one lane for each flow-control key and one for those without. Lanes take turns, so that a key with a
 * long line does not hold up the others. Invariant: a lane is in `turns` exactly when it has someone waiting, is not
 * paused and has neither its parallelism nor its rate used up.
 */
export function createFlowLanes<T extends Waiting>({ timeScale, onUsedUp }: LaneOptions) {
  const lanes = new Map<string | undefined, Lane<T>>();
  const turns = createOrderedHeap<Lane<T>>();
  let turnCount = 0;
  let reordering = false;

  function laneOf(key: string | undefined): Lane<T> {
    const lane = lanes.get(key) ?? createLane<T>(createFlowKey(key ?? ''));
    lanes.set(key, lane);
    return lane;
  }

  /** Takes over limits, pins and pause; the counts too when the key is new here. */
  function configure(flow: FlowKey, nowMs: number): void {
    const lane = lanes.get(flow.key);
    if (lane === undefined) lanes.set(flow.key, createLane(flow));
    else lane.flow = flow;
    offerTurn(laneOf(flow.key), nowMs);
  }

  function enter(entry: T, nowMs: number): HeapNode<T> {
    const lane = laneOf(entry.flowKey);
    const node = lane.waiting.add(entry, { order: entry.dueAtMs, tie: entry.seq });
    offerTurn(lane, nowMs);
    return node;
  }

  function leave(node: HeapNode<T>): void {
    const lane = laneOf(node.value.flowKey);
    lane.waiting.remove(node);
    if (lane.waiting.size() === 0) withdrawTurn(lane);
  }

  /** The next message that may go now; it counts as under way until `finish`. */
  function takeNext(nowMs: number): T | undefined {
    const lane = turns.takeFirst();
    if (lane === undefined) return undefined;
    lane.turn = undefined;
    startPeriodIfOver(lane, nowMs);
    const entry = reordering ? lane.waiting.takeLast() : lane.waiting.takeFirst();
    lane.active++;
    if (lane.flow.limits.rate !== undefined) lane.rateCount++;
    offerTurn(lane, nowMs);
    return entry;
  }

  function finish(key: string | undefined, nowMs: number): void {
    const lane = laneOf(key);
    lane.active--;
    offerTurn(lane, nowMs);
  }

  function reopen(key: string, nowMs: number): void {
    const lane = laneOf(key);
    lane.wakesAtMs = Number.POSITIVE_INFINITY;
    offerTurn(lane, nowMs);
  }

  /** Ends the current period: a new one starts now with nothing counted. */
  function resetRate(key: string, nowMs: number): void {
    const lane = laneOf(key);
    lane.rateCount = 0;
    lane.periodStartMs = nowMs;
    offerTurn(lane, nowMs);
  }

  function offerTurn(lane: Lane<T>, nowMs: number): void {
    const { paused, limits, key } = lane.flow;
    const isFull = limits.parallelism !== undefined && lane.active >= limits.parallelism;
    const opensAtMs = rateOpensAtMs(lane, nowMs);
    if (lane.waiting.size() === 0 || paused || isFull || opensAtMs > nowMs) withdrawTurn(lane);
    else lane.turn ??= turns.add(lane, { order: turnCount++, tie: 0 });
    if (lane.waiting.size() > 0 && opensAtMs > nowMs && opensAtMs < lane.wakesAtMs) {
      lane.wakesAtMs = opensAtMs;
      onUsedUp(key, opensAtMs);
    }
  }

  function withdrawTurn(lane: Lane<T>): void {
    if (lane.turn !== undefined) turns.remove(lane.turn);
    lane.turn = undefined;
  }

  function rateOpensAtMs(lane: Lane<T>, nowMs: number): number {
    const { rate } = lane.flow.limits;
    const usedUp = rate !== undefined && lane.rateCount >= rate;
    return usedUp ? periodEndMs(lane) : nowMs;
  }

  function startPeriodIfOver(lane: Lane<T>, nowMs: number): void {
    if (nowMs < periodEndMs(lane)) return;
    lane.periodStartMs = nowMs;
    lane.rateCount = 0;
  }

  function periodEndMs(lane: Lane<T>): number {
    return lane.periodStartMs + (lane.flow.limits.periodSeconds * 1_000) / timeScale;
  }

  /** Undefined for a key nothing is known of. */
  function describe(key: string, nowMs: number) {
    const lane = lanes.get(key);
    if (lane === undefined) return undefined;
    const isOver = nowMs >= periodEndMs(lane);
    return {
      waiting: lane.waiting.size(),
      active: lane.active,
      rateCount: isOver ? 0 : lane.rateCount,
      periodStartMs: lane.periodStartMs,
    };
  }

  /** What has to outlive a restart. */
  function readRateUse(key: string): RateUse {
    const { rateCount, periodStartMs } = laneOf(key);
    return { key, rateCount, periodStartMs };
  }

  /** Forgets up to `count` keys that hold nothing back and of which nothing is set; answers which. */
  function dropIdle(count: number, nowMs: number): string[] {
    const dropped: string[] = [];
    for (const [key, lane] of lanes) {
      if (dropped.length >= count) break;
      if (key === undefined || !isIdle(lane, nowMs)) continue;
      lanes.delete(key);
      dropped.push(key);
    }
    return dropped;
  }

  function isIdle({ flow, waiting, active, ...lane }: Lane<T>, nowMs: number): boolean {
    const isSet = flow.paused || flow.pinnedParallelism || flow.pinnedRate;
    return !isSet && waiting.size() === 0 && active === 0 && nowMs >= periodEndMs({ flow, waiting, active, ...lane });
  }

  return {
    configure,
    enter,
    leave,
    takeNext,
    finish,
    reopen,
    resetRate,
    describe,
    readRateUse,
    dropIdle,
    size: (): number => lanes.size,
    setReordering: (on: boolean): void => {
      reordering = on;
    },
  };
}

function createLane<T>(flow: FlowKey): Lane<T> {
  return {
    flow,
    rateCount: flow.rateCount,
    periodStartMs: flow.periodStartMs,
    active: 0,
    waiting: createOrderedHeap<T>(),
    turn: undefined,
    wakesAtMs: Number.POSITIVE_INFINITY,
  };
}
