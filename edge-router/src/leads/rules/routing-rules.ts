import * as z from 'zod';
import { isTimezone } from '../../locations/rules/timezones.ts';

const radiusMiles = z.number().positive().max(12_500);
const weight = z.number().min(0).max(1000);
const franchiseCode = z.string().min(1).max(64);
const turnWeight = z.int().min(1).max(1000);
const MAX_POOL_LOCATIONS = 20;
const MAX_TURN_WEIGHTS = 10_000;
const MAX_BROWSER_SOURCES = 100;

/**
 * How a level with several eligible locations orders them.
 * - `nearest`: by distance.
 * - `score`: by the weighted sum of closeness, room left, conversion rate, and the lead's score leaning towards those
 *   who convert; at least one weight is above 0.
 * - `weighted_round_robin`: by turns, kept in Postgres. `weights` are by franchise code, 1 where none is given; a
 *   location that comes back from a pause is owed at most `maxCatchUpTurns`.
 */
const strategySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('nearest') }),
  z.strictObject({
    kind: z.literal('score'),
    weights: z
      .strictObject({ distance: weight, room: weight, conversion: weight, leadScore: weight })
      .partial()
      .refine((weights) => Object.values(weights).some((value) => (value ?? 0) > 0), { error: 'at least one above 0' }),
  }),
  z.strictObject({
    kind: z.literal('weighted_round_robin'),
    weights: z
      .record(franchiseCode, turnWeight)
      .refine((weights) => Object.keys(weights).length <= MAX_TURN_WEIGHTS, {
        error: `at most ${MAX_TURN_WEIGHTS} entries`,
      })
      .default({}),
    maxCatchUpTurns: z.int().min(1).max(100).default(1),
  }),
]);

/**
 * The brand's rules for routing, one published version at a time. Fields with a default may be left out.
 * - `radiusMiles`: how far the nearest level looks.
 * - `strategy`: the order inside the levels `nearest` and `overflow`.
 * - `territory.whenOwnerUnavailable`: for an exclusive owner that is full, paused or closed.
 * - `overflow`: the next nearest up to `radiusMiles`, a pool of locations wherever they are, or nobody.
 * - `hours`: `required` passes over who is closed at the moment, by its own hours and holidays.
 * - `stickyDays`, `dedupeWindowMinutes`: 0 turns either off.
 * - `fromBrowser`: sources whose requests come from the person's own browser, so that the edge's place of the address
 *   may stand in for a missing one.
 * - `timezone`: the brand's own, by whose midnight territories change hands.
 */
export const rulesDocumentSchema = z.strictObject({
  radiusMiles,
  strategy: strategySchema.default({ kind: 'nearest' }),
  territory: z.strictObject({ whenOwnerUnavailable: z.enum(['hold', 'overflow', 'owner_anyway']) }),
  overflow: z.discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('nearest'), radiusMiles }),
    z.strictObject({
      mode: z.literal('pool'),
      locations: z.array(franchiseCode).min(1).max(MAX_POOL_LOCATIONS),
    }),
    z.strictObject({ mode: z.literal('none') }),
  ]),
  hours: z.enum(['ignored', 'required']).default('ignored'),
  stickyDays: z.int().min(0).max(3650),
  dedupeWindowMinutes: z.int().min(0).max(43_200),
  fromBrowser: z.array(z.string().min(1).max(64)).max(MAX_BROWSER_SOURCES).default([]),
  timezone: z.string().refine(isTimezone, { error: 'an IANA time zone' }).default('America/New_York'),
});

export type RulesDocument = z.output<typeof rulesDocumentSchema>;
export type Strategy = RulesDocument['strategy'];

export interface Rules extends RulesDocument {
  /** Number of the published version; every decision records it. */
  readonly version: number;
}
