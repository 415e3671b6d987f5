import { describe, expect, it } from 'vitest';
import { getPostalCodes } from '../../locations/testing/postal-codes.ts';
import { testDirectory, testLocation, testLocationId, testRules } from '../../testing/test-directory.ts';
import { decide, type RoutingQuestion } from './decide.ts';
import { settleTrace, type RefusalVerdict } from './decision.ts';
import { explainDecision } from './explain.ts';
import type { RulesDocument } from './routing-rules.ts';

const nowhere = { namedLocation: null, service: null, coordinates: null, postalCode: null, city: null, state: null };
const boston = { lng: -71.13, lat: 42.355 };

/** The reason when the first who is asked takes the lead, or nobody can be asked. */
function explain(
  locations: Parameters<typeof testLocation>[1][],
  rules: Partial<RulesDocument>,
  given: Partial<RoutingQuestion> & { refusals?: readonly RefusalVerdict[]; owner?: number } = {},
): string {
  const { refusals = [], owner, ...question } = given;
  const { attempts, trace, parkedReason } = decide({
    question: { ...nowhere, ...question },
    directory: testDirectory({
      locations: locations.map((location, index) => testLocation(index + 1, location)),
      territories: owner === undefined ? [] : [['zip', '02134', testLocationId(owner), true, null, null]],
      rules: { ...testRules, ...rules },
    }),
    postalCodes: getPostalCodes(),
    knowledge: {
      stickyLocationId: null,
      refusals: new Map(refusals.map((verdict, index) => [testLocationId(index + 1), verdict])),
    },
    notes: [],
    nowMs: 0,
    usedToday: () => null,
  });
  const [chosen = null] = attempts;
  return explainDecision(
    chosen
      ? { status: 'assigned', trace: settleTrace(trace, { chosen, refusals: [] }), parkedReason: null }
      : { status: 'parked', trace, parkedReason },
  );
}

describe('a lead that overflows', () => {
  const overflow = { mode: 'pool' as const, locations: ['F1', 'F2'] };
  const near = { coordinates: { lng: boston.lng, lat: boston.lat + 4 }, conversionRate: 0.1 };
  const far = { coordinates: { lng: boston.lng, lat: boston.lat + 5 }, conversionRate: 0.9 };

  it('went to the next nearest, by distance', () => {
    expect(explain([near, far], { overflow }, { coordinates: boston })).toBe(
      'Location 1 (F1) is the next nearest with room, 276.37 miles away (from the coordinates given).',
    );
  });

  it('went to the best score, which need not be the nearest', () => {
    const strategy = { kind: 'score' as const, weights: { conversion: 1 } };
    expect(explain([near, far], { overflow, strategy }, { coordinates: boston })).toBe(
      'Location 2 (F2) has the best score of those to whom others overflow, 0.9, 345.47 miles away (from the coordinates given).',
    );
  });

  it('went to the first on the list where its own place is not known', () => {
    expect(explain([near, far], { overflow })).toBe('Location 1 (F1) is the next of those to whom others overflow.');
  });
});

describe('a lead that nobody gets', () => {
  it.each([
    ['paused', 'locations are in range, but none of them may take this lead'],
    ['inactive', 'locations are in range, but none of them may take this lead'],
    ['full', 'every location that may take this lead is full for its day'],
  ] as const)('says what Postgres refused it for: %s', (verdict, reason) => {
    expect(explain([{}], {}, { coordinates: boston, refusals: [verdict] })).toContain(`Parked: ${reason}.`);
  });

  it('names whoever is full where others are paused', () => {
    const reason = explain([{}, {}], {}, { coordinates: boston, refusals: ['paused', 'full'] });
    expect(reason).toBe(
      'Parked: every location that may take this lead is full for its day. Passed over: Location 1: paused; Location 2: full for its day.',
    );
  });

  it.each(['hold', 'owner_anyway'] as const)('does not say more of the rules than they do: %s', (policy) => {
    const rules = { territory: { whenOwnerUnavailable: policy } };
    expect(explain([{ paused: true }], rules, { postalCode: '02134', owner: 1 })).toBe(
      'Parked: the territory is exclusive, its owner cannot take the lead now, and nobody else is to have it. Passed over: Location 1: paused.',
    );
  });
});
