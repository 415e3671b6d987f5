import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { findRoute } from '../accept-submission.ts';
import { collectPublishHeaders } from '../protocol/collect-headers.ts';
import { parseCron } from '../protocol/cron.ts';
import { createId, isName } from '../protocol/identifiers.ts';
import { describeCaller, describeContent, describeOptions } from '../protocol/message-json.ts';
import { parsePublishHeaders } from '../protocol/publish-headers.ts';
import { findNextRunMs } from '../schedule-runner.ts';
import type { Services } from '../services.ts';
import type { Schedule } from '../store/schedules-table.ts';
import { EMPTY, fail, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

const MAX_SCHEDULES = 10_000;

const RUN_STATES = { IN_PROGRESS: 'IN_PROGRESS', DELIVERED: 'SUCCESS', FAILED: 'FAIL', CANCELED: 'FAIL' } as const;

export function createScheduleRoutes({ store, clock, schedules }: Services): Route[] {
  async function save(schedule: Schedule): Promise<void> {
    await store.write(() => store.schedules.put(schedule));
    schedules.refresh(schedule.id);
  }

  /** Creates the schedule, or replaces what the one of that id does; a paused one stays paused. */
  async function upsert(request: ApiRequest): Promise<ApiResponse> {
    const schedule = parseSchedule(request);
    if (!schedule.ok) return schedule.error;
    const known = store.schedules.find(schedule.value.id);
    if (known === undefined && store.schedules.count() >= MAX_SCHEDULES) {
      return fail(412, `quota exceeded: ${MAX_SCHEDULES} schedules`);
    }
    const { createdAtMs, paused } = known ?? schedule.value;
    await save({ ...schedule.value, createdAtMs, paused });
    return succeed({ scheduleId: schedule.value.id });
  }

  function parseSchedule(request: ApiRequest): Result<Schedule, ApiResponse> {
    const {
      'upstash-cron': cron = '',
      'upstash-schedule-id': id = createId('scd_'),
      ...publishHeaders
    } = collectPublishHeaders(request);
    const problem = findScheduleProblem({ cron, id, destination: request.rest, publishHeaders });
    if (problem !== undefined) return err(problem);
    const nowMs = clock.nowMs();
    return ok({
      id,
      destination: request.rest,
      cron: cron.trim(),
      publishHeaders,
      body: request.body,
      callerIp: request.callerIp,
      paused: false,
      createdAtMs: nowMs,
      lastAtMs: undefined,
      nextAtMs: findNextRunMs(cron, nowMs),
      lastMessageIds: [],
    });
  }

  type Wanted = Pick<Schedule, 'cron' | 'id' | 'destination' | 'publishHeaders'>;

  function findScheduleProblem({ cron, id, destination, publishHeaders }: Wanted): ApiResponse | undefined {
    if (cron === '') return fail(400, 'missing Upstash-Cron header');
    if (!isName(id)) return fail(400, `invalid schedule id: ${id}`);
    const expression = parseCron(cron);
    if (!expression.ok) return fail(400, `invalid cron expression: ${expression.error}`);
    const spec = parsePublishHeaders(publishHeaders);
    if (!spec.ok) return fail(400, spec.error);
    const route = findRoute(store, destination);
    return route.ok ? undefined : fail(route.error.status, route.error.error);
  }

  function withSchedule(act: (schedule: Schedule) => ApiResponse | Promise<ApiResponse>) {
    return ({ params }: ApiRequest): ApiResponse | Promise<ApiResponse> => {
      const schedule = store.schedules.find(params['id'] ?? '');
      return schedule === undefined ? fail(404, `schedule ${params['id']} not found`) : act(schedule);
    };
  }

  async function remove({ id }: Schedule): Promise<ApiResponse> {
    await store.write(() => store.schedules.remove(id));
    schedules.refresh(id);
    return EMPTY;
  }

  async function pause(schedule: Schedule): Promise<ApiResponse> {
    await save({ ...schedule, paused: true });
    return EMPTY;
  }

  async function resume(schedule: Schedule): Promise<ApiResponse> {
    await save({ ...schedule, paused: false, nextAtMs: findNextRunMs(schedule.cron, clock.nowMs()) });
    return EMPTY;
  }

  function describeSchedule(schedule: Schedule) {
    const spec = parsePublishHeaders(schedule.publishHeaders);
    // It was checked before it was stored.
    if (!spec.ok) throw new Error(`stored schedule ${schedule.id}: ${spec.error}`);
    const { delayMs, queueName, retries } = spec.value;
    return {
      scheduleId: schedule.id,
      cron: schedule.cron,
      destination: schedule.destination,
      createdAt: schedule.createdAtMs,
      isPaused: schedule.paused,
      ...describeContent(spec.value, schedule.body),
      ...describeOptions(spec.value),
      retries,
      queueName,
      delay: delayMs === undefined ? undefined : delayMs / 1_000,
      lastScheduleTime: schedule.lastAtMs,
      nextScheduleTime: schedule.nextAtMs,
      lastScheduleStates: describeLastRun(schedule),
      ...describeCaller(schedule.callerIp),
    };
  }

  function describeLastRun({ lastMessageIds }: Schedule): Record<string, string> | undefined {
    if (lastMessageIds.length === 0) return undefined;
    const states = lastMessageIds.map((id) => [id, RUN_STATES[store.messages.readFinalState(id) ?? 'DELIVERED']]);
    return Object.fromEntries(states);
  }

  return [
    { methods: ['POST', 'PATCH'], path: '/v2/schedules/:id/pause', handle: withSchedule(pause) },
    { methods: ['POST', 'PATCH'], path: '/v2/schedules/:id/resume', handle: withSchedule(resume) },
    { methods: ['POST'], path: '/v2/schedules/*', handle: upsert },
    { methods: ['GET'], path: '/v2/schedules', handle: () => succeed(store.schedules.list().map(describeSchedule)) },
    { methods: ['GET'], path: '/v2/schedules/:id', handle: withSchedule((known) => succeed(describeSchedule(known))) },
    { methods: ['DELETE'], path: '/v2/schedules/:id', handle: withSchedule(remove) },
  ];
}
