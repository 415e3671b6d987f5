import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFlowKey, type FlowKey } from '../store/flow-keys-table.ts';
import { createFlowLanes, type Waiting } from './flow-lanes.ts';

type Entry = Waiting & { readonly name: string };

let seq = 0;
function entry(name: string, flowKey?: string): Entry {
  return { name, flowKey, dueAtMs: 0, seq: seq++ };
}

function flow(key: string, limits: { parallelism?: number; rate?: number; periodSeconds?: number }): FlowKey {
  const { parallelism, rate, periodSeconds = 1 } = limits;
  return { ...createFlowKey(key), limits: { parallelism, rate, periodSeconds } };
}

function createLanes(timeScale = 1) {
  const wakes: [string, number][] = [];
  const lanes = createFlowLanes<Entry>({ timeScale, onUsedUp: (key, untilMs) => wakes.push([key, untilMs]) });
  const takeAll = (nowMs: number): string[] => {
    const names: string[] = [];
    for (let next = lanes.takeNext(nowMs); next !== undefined; next = lanes.takeNext(nowMs)) names.push(next.name);
    return names;
  };
  return { lanes, wakes, takeAll };
}

describe('the lanes of flow control', () => {
  it('let everything without a key pass, in order', () => {
    const { lanes, takeAll } = createLanes();
    for (const name of ['a', 'b', 'c']) lanes.enter(entry(name), 0);
    expect(takeAll(0)).toEqual(['a', 'b', 'c']);
  });

  it('take turns', () => {
    const { lanes, takeAll } = createLanes();
    for (const name of ['x1', 'x2', 'x3']) lanes.enter(entry(name, 'x'), 0);
    for (const name of ['y1', 'y2']) lanes.enter(entry(name, 'y'), 0);
    expect(takeAll(0)).toEqual(['x1', 'y1', 'x2', 'y2', 'x3']);
  });

  it('hold back what exceeds the parallelism until a call ends', () => {
    const { lanes, takeAll } = createLanes();
    lanes.configure(flow('k', { parallelism: 2 }), 0);
    for (const name of ['a', 'b', 'c', 'd']) lanes.enter(entry(name, 'k'), 0);
    expect(takeAll(0)).toEqual(['a', 'b']);
    expect(lanes.describe('k', 0)).toMatchObject({ waiting: 2, active: 2 });
    lanes.finish('k', 1);
    expect(takeAll(1)).toEqual(['c']);
  });

  it('hold back what exceeds the rate until the period is over, and say when that is', () => {
    const { lanes, wakes, takeAll } = createLanes();
    lanes.configure(flow('k', { rate: 2, periodSeconds: 10 }), 50_000);
    for (const name of ['a', 'b', 'c']) lanes.enter(entry(name, 'k'), 50_000);
    expect(takeAll(50_000)).toEqual(['a', 'b']);
    expect(wakes).toEqual([['k', 60_000]]);
    lanes.finish('k', 51_500);
    expect(takeAll(51_500)).toEqual([]);
    lanes.reopen('k', 60_000);
    expect(takeAll(60_000)).toEqual(['c']);
    expect(lanes.describe('k', 60_000)).toMatchObject({ rateCount: 1, periodStartMs: 60_000 });
  });

  it('divide the period by the time scale', () => {
    const { lanes, wakes, takeAll } = createLanes(100);
    lanes.configure(flow('k', { rate: 1, periodSeconds: 10 }), 1_000);
    lanes.enter(entry('a', 'k'), 1_000);
    lanes.enter(entry('b', 'k'), 1_000);
    expect(takeAll(1_000)).toEqual(['a']);
    expect(wakes).toEqual([['k', 1_100]]);
  });

  it('stop while paused, open at once when the limits are raised or the rate is reset', () => {
    const { lanes, takeAll } = createLanes();
    lanes.configure({ ...flow('k', { rate: 1, periodSeconds: 60 }), paused: true }, 0);
    for (const name of ['a', 'b', 'c']) lanes.enter(entry(name, 'k'), 0);
    expect(takeAll(0)).toEqual([]);
    lanes.configure(flow('k', { rate: 1, periodSeconds: 60 }), 0);
    expect(takeAll(0)).toEqual(['a']);
    lanes.resetRate('k', 5);
    expect(takeAll(5)).toEqual(['b']);
    lanes.configure(flow('k', { parallelism: 10 }), 6);
    expect(takeAll(6)).toEqual(['c']);
  });

  it('do not hand out who has left', () => {
    const { lanes, takeAll } = createLanes();
    const node = lanes.enter(entry('a', 'k'), 0);
    lanes.enter(entry('b'), 0);
    lanes.leave(node);
    expect(takeAll(0)).toEqual(['b']);
  });

  it('hand out in another order when asked to', () => {
    const { lanes, takeAll } = createLanes();
    lanes.setReordering(true);
    for (const name of ['a', 'b', 'c']) lanes.enter(entry(name), 0);
    expect(takeAll(0)[0]).not.toBe('a');
  });

  it('forget only keys that hold nothing back and of which nothing is set', () => {
    const { lanes, takeAll } = createLanes();
    lanes.configure(flow('idle', { parallelism: 1 }), 0);
    lanes.configure({ ...createFlowKey('paused'), paused: true }, 0);
    lanes.configure({ ...createFlowKey('pinned'), pinnedRate: true }, 0);
    lanes.enter(entry('a', 'busy'), 0);
    expect(takeAll(5_000)).toEqual(['a']);
    expect(lanes.dropIdle(10, 5_000)).toEqual(['idle']);
    expect(lanes.describe('idle', 5_000)).toBeUndefined();
  });

  it('never exceed a limit and lose nobody, whatever happens', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('enter', 'take', 'finish') },
      { weight: 1, arbitrary: fc.constantFrom('tick', 'pause', 'resume') },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 120 }),
        (parallelism, rate, steps) => {
          const { lanes } = createLanes();
          const limits = flow('k', { parallelism, rate, periodSeconds: 1 });
          const startsMs: number[] = [];
          let [nowMs, active, entered, mostActive] = [0, 0, 0, 0];
          lanes.configure(limits, nowMs);
          const take = (): boolean => {
            if (lanes.takeNext(nowMs) === undefined) return false;
            startsMs.push(nowMs);
            mostActive = Math.max(mostActive, ++active);
            return true;
          };
          const finish = (): void => {
            if (active === 0) return;
            active--;
            lanes.finish('k', nowMs);
          };
          for (const action of steps) {
            if (action === 'enter') lanes.enter(entry(String(entered++), 'k'), nowMs);
            else if (action === 'take') take();
            else if (action === 'finish') finish();
            else if (action === 'tick') lanes.reopen('k', (nowMs += 300));
            else lanes.configure({ ...limits, paused: action === 'pause' }, nowMs);
          }
          const busiestPeriod = Math.max(
            0,
            ...startsMs.map((startMs) => startsMs.filter((ms) => ms === startMs).length),
          );
          lanes.configure(limits, nowMs);
          for (let turn = 0; turn < entered * 2; turn++) {
            finish();
            lanes.reopen('k', (nowMs += 1_000));
            take();
          }
          expect({
            mostActive: mostActive <= parallelism,
            busiestPeriod: busiestPeriod <= rate,
            delivered: startsMs.length,
          }).toEqual({
            mostActive: true,
            busiestPeriod: true,
            delivered: entered,
          });
        },
      ),
    );
  });
});
