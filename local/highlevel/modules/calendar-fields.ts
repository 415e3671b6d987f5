// What HighLevel's document lets a calendar have; the spelling of `appoinment…` is its own.

import * as z from 'zod';

const text = z.string().max(5000);
const minsOrHours = z.enum(['mins', 'hours']);

const hours = z.array(
  z.strictObject({ openHour: z.number(), openMinute: z.number(), closeHour: z.number(), closeMinute: z.number() }),
);
const meetingPlaces = z.array(
  z.strictObject({
    kind: z.enum([
      'custom',
      'zoom_conference',
      'google_conference',
      'inbound_call',
      'outbound_call',
      'physical',
      'booker',
      'ms_teams_conference',
    ]),
    location: text.optional(),
  }),
);
const teamMember = z.strictObject({
  userId: text,
  priority: z.literal([0, 0.5, 1]).optional(),
  meetingLocationType: z.enum(['custom', 'zoom', 'gmeet', 'phone', 'address', 'teams', 'booker']).optional(),
  meetingLocation: text.optional(),
  isPrimary: z.boolean().optional(),
  locationConfigurations: meetingPlaces.optional(),
});
const notification = z.strictObject({
  type: z.enum(['email']).optional(),
  shouldSendToContact: z.boolean(),
  shouldSendToGuest: z.boolean(),
  shouldSendToUser: z.boolean(),
  shouldSendToSelectedUsers: z.boolean(),
  selectedUsers: text,
});

/** Taken by both calls, all of them optional. */
const shared = z
  .strictObject({
    isActive: z.boolean(),
    notifications: z.array(notification),
    groupId: text,
    teamMembers: z.array(teamMember).max(100),
    eventType: z.enum(['RoundRobin_OptimizeForAvailability', 'RoundRobin_OptimizeForEqualDistribution']),
    description: text,
    slug: text,
    widgetSlug: text,
    widgetType: z.enum(['default', 'classic']),
    eventTitle: text,
    eventColor: text,
    meetingLocation: text,
    locationConfigurations: meetingPlaces,
    slotDuration: z.number(),
    slotDurationUnit: minsOrHours,
    slotInterval: z.number(),
    slotIntervalUnit: minsOrHours,
    slotBuffer: z.number(),
    preBuffer: z.number(),
    preBufferUnit: minsOrHours,
    appoinmentPerSlot: z.number(),
    appoinmentPerDay: z.number(),
    allowBookingAfter: z.number(),
    allowBookingAfterUnit: z.enum(['hours', 'days', 'weeks', 'months']),
    allowBookingFor: z.number(),
    allowBookingForUnit: z.enum(['days', 'weeks', 'months']),
    openHours: z.array(z.strictObject({ daysOfTheWeek: z.array(z.number()), hours })),
    enableRecurring: z.boolean(),
    recurring: z.strictObject({
      freq: z.enum(['DAILY', 'WEEKLY', 'MONTHLY']).optional(),
      count: z.number().optional(),
      bookingOption: z.enum(['skip', 'continue', 'book_next']).optional(),
      bookingOverlapDefaultStatus: z.enum(['confirmed', 'new']).optional(),
    }),
    formId: text,
    stickyContact: z.boolean(),
    isLivePaymentMode: z.boolean(),
    autoConfirm: z.boolean(),
    shouldSendAlertEmailsToAssignedMember: z.boolean(),
    alertEmail: text,
    googleInvitationEmails: z.boolean(),
    allowReschedule: z.boolean(),
    allowCancellation: z.boolean(),
    shouldAssignContactToTeamMember: z.boolean(),
    shouldSkipAssigningContactForExisting: z.boolean(),
    notes: text,
    pixelId: text,
    formSubmitType: z.enum(['RedirectURL', 'ThankYouMessage']),
    formSubmitRedirectURL: text,
    formSubmitThanksMessage: text,
    availabilityType: z.literal([0, 1]),
    guestType: z.enum(['count_only', 'collect_detail']),
    consentLabel: text,
    calendarCoverImage: text,
  })
  .partial();

const availability = { date: text, hours, deleted: z.boolean().optional() };
const lookBusyConfig = z.strictObject({ enabled: z.boolean(), LookBusyPercentage: z.number() }).optional();
const name = z.string().min(1).max(200);

export const createCalendarSchema = shared.extend({
  name,
  locationId: text,
  calendarType: z
    .enum(['round_robin', 'event', 'class_booking', 'collective', 'service_booking', 'personal'])
    .optional(),
  slotBufferUnit: minsOrHours.optional(),
  availabilities: z.array(z.strictObject(availability)).optional(),
  lookBusyConfig,
});

export const updateCalendarSchema = shared.extend({
  name: name.optional(),
  availabilities: z.array(z.strictObject({ ...availability, id: text.optional() })).optional(),
  lookBusyConfig,
});
