// Calendars and their groups. Connecting one to Google or Outlook needs a person. https://marketplace.gohighlevel.com/docs/ghl/calendars/
import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { asLocation } from './credentials.ts';
import { id, listOf, optionalFlag, optionalText, succeededSchema } from './fields.ts';

const calendarSchema = z.object({
  id,
  name: optionalText,
  groupId: optionalText,
  slug: optionalText,
  calendarType: optionalText,
  isActive: optionalFlag,
  /** A snapshot brings none. */
  teamMembers: listOf(z.object({ userId: id })),
});
export type Calendar = z.output<typeof calendarSchema>;

const calendarAnswer = z.object({ calendar: calendarSchema }).transform(({ calendar }) => calendar);

export function listCalendars(
  caller: HighlevelCaller,
  ghlLocationId: string,
): Promise<Result<Calendar[], HighlevelError>> {
  return caller.send({
    endpoint: 'listCalendars',
    credential: asLocation(ghlLocationId),
    query: { locationId: ghlLocationId },
    answer: z.object({ calendars: listOf(calendarSchema) }).transform(({ calendars }) => calendars),
  });
}

export interface CalendarFields {
  readonly name: string;
  readonly description?: string;
  readonly groupId?: string;
  readonly slug?: string;
  readonly teamMembers?: readonly {
    readonly userId: string;
    readonly priority?: 0 | 0.5 | 1;
    readonly isPrimary?: boolean;
  }[];
  readonly slotDuration?: number;
  readonly slotDurationUnit?: 'mins' | 'hours';
  readonly slotInterval?: number;
  readonly slotIntervalUnit?: 'mins' | 'hours';
  readonly openHours?: readonly {
    /** 0 is Sunday. */
    readonly daysOfTheWeek: readonly number[];
    readonly hours: readonly {
      readonly openHour: number;
      readonly openMinute: number;
      readonly closeHour: number;
      readonly closeMinute: number;
    }[];
  }[];
  readonly autoConfirm?: boolean;
  readonly isActive?: boolean;
}

/** Not idempotent: list first, and after `unknown_outcome` again. */
export function createCalendar(
  caller: HighlevelCaller,
  given: CalendarFields & {
    readonly ghlLocationId: string;
    readonly calendarType?: 'round_robin' | 'event' | 'class_booking' | 'collective' | 'service_booking' | 'personal';
  },
): Promise<Result<Calendar, HighlevelError>> {
  const { ghlLocationId, ...fields } = given;
  return caller.send({
    endpoint: 'createCalendar',
    credential: asLocation(ghlLocationId),
    body: { locationId: ghlLocationId, ...fields },
    answer: calendarAnswer,
  });
}

export function updateCalendar(
  caller: HighlevelCaller,
  given: Partial<CalendarFields> & { readonly ghlLocationId: string; readonly calendarId: string },
): Promise<Result<Calendar, HighlevelError>> {
  const { ghlLocationId, calendarId, ...fields } = given;
  return caller.send({
    endpoint: 'updateCalendar',
    credential: asLocation(ghlLocationId),
    path: { calendarId },
    body: fields,
    answer: calendarAnswer,
  });
}

export function deleteCalendar(
  caller: HighlevelCaller,
  { ghlLocationId, calendarId }: { readonly ghlLocationId: string; readonly calendarId: string },
): Promise<Result<boolean, HighlevelError>> {
  return caller.send({
    endpoint: 'deleteCalendar',
    credential: asLocation(ghlLocationId),
    path: { calendarId },
    answer: succeededSchema,
  });
}

const groupSchema = z.object({ id, name: z.string(), slug: optionalText, isActive: optionalFlag });
export type CalendarGroup = z.output<typeof groupSchema>;

export function listCalendarGroups(
  caller: HighlevelCaller,
  ghlLocationId: string,
): Promise<Result<CalendarGroup[], HighlevelError>> {
  return caller.send({
    endpoint: 'listCalendarGroups',
    credential: asLocation(ghlLocationId),
    query: { locationId: ghlLocationId },
    answer: z.object({ groups: listOf(groupSchema) }).transform(({ groups }) => groups),
  });
}

/** A slug is unique in its sub-account. */
export function createCalendarGroup(
  caller: HighlevelCaller,
  given: {
    readonly ghlLocationId: string;
    readonly name: string;
    readonly description: string;
    readonly slug: string;
    readonly isActive?: boolean;
  },
): Promise<Result<CalendarGroup, HighlevelError>> {
  const { ghlLocationId, ...fields } = given;
  return caller.send({
    endpoint: 'createCalendarGroup',
    credential: asLocation(ghlLocationId),
    body: { locationId: ghlLocationId, ...fields },
    answer: z.object({ group: groupSchema }).transform(({ group }) => group),
  });
}
