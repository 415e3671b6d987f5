import {
  createCalendar,
  deleteCalendar,
  listCalendars,
  updateCalendar,
  type Calendar,
} from '../highlevel/calls/calendars.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { waitForCreation } from './doubtful-creation.ts';
import { failForHighlevel } from './highlevel-failure.ts';
import type { Finding } from './rules/finding.ts';
import type { CheckContext, StepContext, StepOutcome, UndoOutcome } from './step.ts';
import { findEffects, ghlLocationIdOf, isCreatedHere } from './step-facts.ts';

const CREATE = 'create-calendar';
const ASSIGN = 'assign-calendar';
const SLOT_MINUTES = 30;

/** The calendar of the settings' name with the manager in it: the snapshot's, which comes without anybody, or a new one. */
export async function ensureCalendar(
  context: StepContext,
  managerUserId: string | null,
): Promise<Result<string, StepOutcome>> {
  const { highlevel, run, settings } = context;
  const listed = await listCalendars(highlevel.reader, ghlLocationIdOf(run));
  if (!listed.ok) return err(failForHighlevel(listed.error, 'listing the calendars'));
  const found = findByName(listed.value, settings.calendar.name);
  if (found) return assign(context, found, managerUserId);
  const waiting = waitForCreation(context, CREATE, 'calendar');
  return waiting ? err(waiting) : create(context, managerUserId);
}

function findByName(calendars: readonly Calendar[], wanted: string): Calendar | undefined {
  return calendars.find(({ name }) => name?.trim().toLowerCase() === wanted.toLowerCase());
}

async function assign(
  { highlevel, ledger, run }: StepContext,
  calendar: Calendar,
  managerUserId: string | null,
): Promise<Result<string, StepOutcome>> {
  const members = calendar.teamMembers.map(({ userId }) => userId);
  if (managerUserId === null || members.includes(managerUserId)) return ok(calendar.id);
  const assigned = await ledger.perform({
    effect: ASSIGN,
    intent: { calendarId: calendar.id, before: members },
    call: () =>
      updateCalendar(highlevel.writer, {
        ghlLocationId: ghlLocationIdOf(run),
        calendarId: calendar.id,
        teamMembers: [...members, managerUserId].map((userId) => ({ userId })),
      }),
  });
  return assigned.ok ? ok(calendar.id) : err(failForHighlevel(assigned.error, 'giving the calendar to the manager'));
}

async function create(
  { highlevel, ledger, run, settings }: StepContext,
  managerUserId: string | null,
): Promise<Result<string, StepOutcome>> {
  const { name } = settings.calendar;
  const created = await ledger.perform({
    effect: CREATE,
    intent: { name },
    call: () =>
      createCalendar(highlevel.writer, {
        ghlLocationId: ghlLocationIdOf(run),
        name,
        slotDuration: SLOT_MINUTES,
        slotDurationUnit: 'mins',
        // A round robin needs somebody in it.
        ...(managerUserId === null
          ? { calendarType: 'event' }
          : { calendarType: 'round_robin', teamMembers: [{ userId: managerUserId }] }),
      }),
    keep: ({ id }) => ({ calendarId: id }),
  });
  return created.ok ? ok(created.value.id) : err(failForHighlevel(created.error, 'creating the calendar'));
}

export async function checkCalendar(context: CheckContext): Promise<Result<Finding[], HighlevelError>> {
  const { highlevel, settings, row, ghlLocationId } = context;
  const listed = await listCalendars(highlevel.reader, ghlLocationId);
  if (!listed.ok) return listed;
  const named = { check: 'calendar', name: settings.calendar.name } as const;
  const same = listed.value.filter(({ name }) => name?.trim().toLowerCase() === settings.calendar.name.toLowerCase());
  const [found] = same;
  if (!found) return ok([{ ...named, status: 'missing', detail: 'There is no calendar of this name.' }]);
  if (same.length > 1)
    return ok([{ ...named, status: 'differs', detail: `There are ${same.length} calendars of this name.` }]);
  if (row.managerEmail !== null && found.teamMembers.length === 0) {
    return ok([{ ...named, check: 'calendar-team', status: 'missing', detail: 'Nobody is in the calendar.' }]);
  }
  return ok([{ ...named, status: 'ok', detail: 'The calendar is there.' }]);
}

/** Null when it is done. In a sub-account of this run's own everything goes with it. */
export async function removeCalendar(context: StepContext): Promise<UndoOutcome | null> {
  const { highlevel, ledger, run } = context;
  if (run.ghlLocationId === null || isCreatedHere(context)) return null;
  const ghlLocationId = run.ghlLocationId;
  const made = findEffects(context, CREATE).filter(({ runId, outcome }) => runId === run.runId && outcome === 'done');
  for (const { effectId, result } of made) {
    const calendarId = result?.['calendarId'];
    if (typeof calendarId !== 'string') continue;
    const removed = await ledger.perform({
      effect: 'delete-calendar',
      intent: { calendarId },
      call: () => deleteCalendar(highlevel.writer, { ghlLocationId, calendarId }),
    });
    if (!removed.ok && removed.error.kind !== 'not_found')
      return failForHighlevel(removed.error, 'removing the calendar');
    await ledger.settle(effectId, { outcome: 'not_done', result: { removed: calendarId } });
  }
  return null;
}
