import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import type { Clock } from './clock.ts';
import { createAlarms } from './delivery/alarms.ts';
import { createScheduleRunner } from './schedule-runner.ts';
import type { Schedule } from './store/schedules-table.ts';
import { openStore } from './store/store.ts';

const MINUTE_MS = 60_000;
const stops: (() => void)[] = [];

afterEach(() => stops.splice(0).forEach((stop) => stop()));

/** A runner on a clock that starts at `startMs` and goes on as the real one does. */
function createRunner(startMs: number) {
  const offsetMs = startMs - Date.now();
  const clock: Clock = { nowMs: () => Date.now() + offsetMs, timeScale: 1 };
  const store = openStore(':memory:');
  const alarms = createAlarms(clock.nowMs);
  const runner = createScheduleRunner({ store, clock, alarms, intake: { admit: () => undefined } });
  stops.push(() => {
    alarms.stop();
    store.close();
  });
  return { store, runner };
}

function createSchedule(nextAtMs: number, paused = false): Schedule {
  return {
    id: 'scd_1',
    destination: 'https://example.com',
    cron: '* * * * *',
    publishHeaders: {},
    body: Buffer.alloc(0),
    callerIp: '127.0.0.1',
    paused,
    createdAtMs: 0,
    lastAtMs: undefined,
    nextAtMs,
    lastMessageIds: [],
  };
}

describe('the runner of schedules', () => {
  const nextMinuteMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;

  it('publishes when the minute comes, and sets the next one', async () => {
    const { store, runner } = createRunner(nextMinuteMs - 30);
    await store.write(() => store.schedules.put(createSchedule(nextMinuteMs)));
    runner.start();
    expect(store.messages.countUnfinished()).toBe(0);
    await eventually(() => expect(store.messages.listPending()).toHaveLength(1), { intervalMs: 1 });
    const schedule = store.schedules.find('scd_1');
    expect(schedule?.lastAtMs).toBeGreaterThanOrEqual(nextMinuteMs);
    expect(schedule?.nextAtMs).toBe(nextMinuteMs + MINUTE_MS);
    expect(store.messages.find(schedule?.lastMessageIds[0] ?? '')?.scheduleId).toBe('scd_1');
  });

  it('makes up once for all that was missed', async () => {
    const { store, runner } = createRunner(nextMinuteMs + 1_000);
    await store.write(() => store.schedules.put(createSchedule(nextMinuteMs - 60 * MINUTE_MS)));
    runner.start();
    await eventually(() => expect(store.schedules.find('scd_1')?.nextAtMs).toBe(nextMinuteMs + MINUTE_MS));
    expect(store.messages.listPending()).toHaveLength(1);
  });

  it('leaves paused and deleted ones alone', async () => {
    const { store, runner } = createRunner(nextMinuteMs);
    await store.write(() => {
      store.schedules.put(createSchedule(nextMinuteMs - MINUTE_MS, true));
      store.schedules.put({ ...createSchedule(nextMinuteMs - MINUTE_MS), id: 'deleted' });
      store.schedules.put({ ...createSchedule(nextMinuteMs - MINUTE_MS), id: 'due' });
    });
    runner.start();
    await store.write(() => store.schedules.remove('deleted'));
    runner.refresh('deleted');
    await eventually(() => expect(store.schedules.find('due')?.lastAtMs).toBeDefined());
    expect(store.messages.listPending()).toHaveLength(1);
  });
});
