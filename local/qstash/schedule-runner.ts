import { acceptSubmission } from './accept-submission.ts';
import type { Clock } from './clock.ts';
import type { Alarm, Alarms } from './delivery/alarms.ts';
import type { Intake } from './intake.ts';
import { parseCron } from './protocol/cron.ts';
import type { Schedule } from './store/schedules-table.ts';
import type { Store } from './store/store.ts';

type Parts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly intake: Pick<Intake, 'admit'>;
};

export type ScheduleRunner = ReturnType<typeof createScheduleRunner>;

/** Publishes the messages of schedules when their time comes. A run missed while stopped is made up for, once. */
export function createScheduleRunner({ store, clock, alarms, intake }: Parts) {
  const armed = new Map<string, Alarm>();

  /** Follows what is stored of the schedule: call after every change of it. */
  function refresh(id: string): void {
    const alarm = armed.get(id);
    if (alarm !== undefined) alarms.cancel(alarm);
    armed.delete(id);
    const schedule = store.schedules.find(id);
    if (schedule?.nextAtMs === undefined || schedule.paused) return;
    armed.set(
      id,
      alarms.set(schedule.nextAtMs, () => void run(id)),
    );
  }

  /** Publishes now, whatever the cron says; answers the new messages, none for an unknown schedule. */
  async function run(id: string): Promise<readonly string[]> {
    const result = await store.write(() => {
      const schedule = store.schedules.find(id);
      return schedule === undefined ? undefined : publish(schedule);
    });
    if (result === undefined) return [];
    intake.admit([result]);
    refresh(id);
    return result.ok ? result.value.accepted.map(({ messageId }) => messageId) : [];
  }

  function publish(schedule: Schedule) {
    const { id, destination, publishHeaders, body, callerIp } = schedule;
    const result = acceptSubmission(store, clock, {
      destination,
      publishHeaders,
      body,
      origin: { callerIp, scheduleId: id },
    });
    const nowMs = clock.nowMs();
    const lastMessageIds = result.ok ? result.value.accepted.map(({ messageId }) => messageId) : [];
    store.schedules.put({
      ...schedule,
      lastAtMs: nowMs,
      nextAtMs: findNextRunMs(schedule.cron, nowMs),
      lastMessageIds,
    });
    return result;
  }

  return {
    refresh,
    run,
    start: (): void => store.schedules.list().forEach(({ id }) => refresh(id)),
  };
}

/** Undefined for an expression that never matches, or is none. */
export function findNextRunMs(cron: string, afterMs: number): number | undefined {
  const parsed = parseCron(cron);
  return parsed.ok ? parsed.value.nextAfterMs(afterMs) : undefined;
}
