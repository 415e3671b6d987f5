import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DirectoryLocation } from '../../locations/rules/directory.ts';
import { getPostalCodes } from '../../locations/testing/postal-codes.ts';
import { testDirectory, testLocation, testLocationId, testRules } from '../../testing/test-directory.ts';
import { decide, type Knowledge, type RoutingQuestion } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Rules } from './routing-rules.ts';

const postalCodes = getPostalCodes();
const nothingKnown: Knowledge = { stickyLocationId: null, refusals: new Map() };
const nowhere: RoutingQuestion = {
  namedLocation: null,
  service: null,
  coordinates: null,
  postalCode: null,
  city: null,
  state: null,
};
/** Boston, 02134: about 42.355, -71.13. Steps of 0.1 degrees of latitude are 6.9 miles. */
const boston = { lng: -71.13, lat: 42.355 };

function northOfBoston(number: number, degrees: number, given: Partial<DirectoryLocation> = {}): DirectoryLocation {
  return testLocation(number, { coordinates: { lng: boston.lng, lat: boston.lat + degrees }, ...given });
}

function ask(
  directory: ReturnType<typeof testDirectory>,
  question: Partial<RoutingQuestion>,
  knowledge: Knowledge = nothingKnown,
): Decision {
  return decide({
    question: { ...nowhere, ...question },
    directory,
    postalCodes,
    knowledge,
    notes: [],
    nowMs: 0,
    usedToday: () => null,
  });
}

function attemptsOf(decision: Decision): string[] {
  return decision.attempts.map(
    ({ locationId, matchLevel }) => `${Number.parseInt(locationId.slice(-4), 16)} ${matchLevel}`,
  );
}

function verdictsOf(decision: Decision): string[] {
  return decision.trace.candidates.map(
    ({ locationId, verdict }) => `${Number.parseInt(locationId.slice(-4), 16)} ${verdict}`,
  );
}

describe('the cascade', () => {
  const near = northOfBoston(1, 0.1);
  const far = northOfBoston(2, 0.5);
  const beyondRadius = northOfBoston(3, 1.2);
  const outOfReach = northOfBoston(4, 4);
  const directory = testDirectory({
    locations: [outOfReach, beyondRadius, far, near],
    territories: [['zip', '02134', far.id, true, null, null]],
  });

  it('asks the nearest first, then the next nearest, and labels those beyond the radius as overflow', () => {
    expect(attemptsOf(ask(directory, { coordinates: boston }))).toEqual(['1 nearest', '2 nearest', '3 overflow']);
  });

  it('asks the owner of the postal code before the nearest, and overflows from an exclusive one', () => {
    expect(attemptsOf(ask(directory, { postalCode: '02134' }))).toEqual(['2 territory', '1 overflow', '3 overflow']);
  });

  it('goes on to the nearest from an owner that is not exclusive', () => {
    const shared = testDirectory({
      locations: [near, far],
      territories: [['zip', '02134', far.id, false, null, null]],
    });
    expect(attemptsOf(ask(shared, { postalCode: '02134' }))).toEqual(['2 territory', '1 nearest']);
  });

  it.each([
    ['hold', ['2 territory'], 'territory_owner_unavailable', false],
    ['owner_anyway', ['2 territory'], 'territory_owner_unavailable', true],
  ] as const)(
    'asks only the exclusive owner when the rules say %s',
    (whenOwnerUnavailable, attempts, reason, ignores) => {
      const strict = testDirectory({
        locations: [near, far],
        territories: [['zip', '02134', far.id, true, null, null]],
        rules: { ...testRules, territory: { whenOwnerUnavailable } },
      });
      const decision = ask(strict, { postalCode: '02134' });
      expect(attemptsOf(decision)).toEqual(attempts);
      expect(decision.parkedReason).toBe(reason);
      expect(decision.attempts[0]?.ignoresCapacity).toBe(ignores);
    },
  );

  it.each([
    ['named', { namedLocation: 'F2' }, null],
    ['sticky', {}, far.id],
  ] as const)(
    'gives the lead to its exclusive owner anyway when that one is %s',
    (level, question, stickyLocationId) => {
      const anyway = testDirectory({
        locations: [near, far],
        territories: [
          ['zip', '02134', near.id, false, null, null],
          ['state', 'MA', far.id, true, null, null],
        ],
        rules: { ...testRules, territory: { whenOwnerUnavailable: 'owner_anyway' } },
      });
      const refusals = new Map([[far.id as string, 'full' as const]]);
      const decision = ask(anyway, { postalCode: '02134', ...question }, { stickyLocationId, refusals });
      expect(attemptsOf(decision)).toEqual([`2 ${level}`, '1 territory']);
      expect(decision.attempts.map(({ ignoresCapacity }) => ignoresCapacity)).toEqual([true, false]);
    },
  );

  it.each([['F4'], ['f4'], [testLocationId(4)], [testLocationId(4).toUpperCase()], ['sub-4']])(
    'puts the location that the source named as %s before everything else',
    (namedLocation) => {
      const named = testDirectory({ locations: [near, { ...outOfReach, ghlLocationId: 'sub-4' }] });
      expect(attemptsOf(ask(named, { namedLocation, coordinates: boston }))).toEqual(['4 named', '1 nearest']);
    },
  );

  it('notes a named location that does not exist and routes the lead all the same', () => {
    const decision = ask(directory, { namedLocation: 'nobody', coordinates: boston });
    expect(decision.trace.notes).toContain('location: unknown');
    expect(attemptsOf(decision)[0]).toBe('1 nearest');
  });

  it('asks the location that had the person before, unless it takes no leads', () => {
    const sticky = { stickyLocationId: outOfReach.id, refusals: new Map() };
    expect(attemptsOf(ask(directory, { coordinates: boston }, sticky))[0]).toBe('4 sticky');
    const paused = testDirectory({ locations: [near, { ...outOfReach, paused: true }] });
    const decision = ask(paused, { coordinates: boston }, sticky);
    expect(attemptsOf(decision)).toEqual(['1 nearest']);
    expect(verdictsOf(decision)).toEqual(['4 paused', '1 outranked']);
  });

  it('does not ask again whom Postgres refused', () => {
    const refusals = new Map([[near.id as string, 'full' as const]]);
    const decision = ask(directory, { coordinates: boston }, { stickyLocationId: null, refusals });
    expect(attemptsOf(decision)).toEqual(['2 nearest', '3 overflow']);
    expect(verdictsOf(decision)[0]).toBe('1 full');
  });
});

describe('a pool for overflow', () => {
  const overflow: Rules['overflow'] = { mode: 'pool', locations: ['F2', 'F1'] };
  const [nearer, farther] = [northOfBoston(1, 4), northOfBoston(2, 5)];

  it('has its nearest member asked first where nobody is in range', () => {
    const directory = testDirectory({ locations: [nearer, farther], rules: { ...testRules, overflow } });
    const decision = ask(directory, { coordinates: boston });
    expect(attemptsOf(decision)).toEqual(['1 overflow', '2 overflow']);
    expect(verdictsOf(decision)).toEqual(['1 outranked', '2 outranked']);
  });

  it('is told of before the nearest location that is out of range', () => {
    const [paused, other] = [northOfBoston(1, 4, { paused: true }), northOfBoston(3, 3)];
    const directory = testDirectory({ locations: [paused, other], rules: { ...testRules, overflow } });
    const decision = ask(directory, { coordinates: boston });
    expect(decision.parkedReason).toBe('no_location_in_range');
    expect(verdictsOf(decision)).toEqual(['1 paused', '3 out_of_radius']);
  });
});

describe('eligibility', () => {
  it('passes over paused, inactive and unsuited locations and says so', () => {
    const directory = testDirectory({
      locations: [
        northOfBoston(1, 0.1, { paused: true }),
        northOfBoston(2, 0.2, { active: false }),
        northOfBoston(3, 0.3, { services: ['sewer'] }),
        northOfBoston(4, 0.4, { services: ['drain-cleaning', 'sewer'] }),
        northOfBoston(5, 0.5),
      ],
    });
    const decision = ask(directory, { coordinates: boston, service: 'drain-cleaning' });
    expect(attemptsOf(decision)).toEqual(['4 nearest', '5 nearest']);
    expect(verdictsOf(decision)).toEqual(['1 paused', '3 no_service', '4 outranked', '5 outranked']);
  });

  it('shows an inactive location when it was named or owns the postal code', () => {
    const directory = testDirectory({
      locations: [northOfBoston(1, 0.1, { active: false })],
      territories: [['zip', '02134', testLocationId(1), true, null, null]],
    });
    expect(verdictsOf(ask(directory, { postalCode: '02134' }))).toEqual(['1 inactive']);
  });
});

describe('the parking lot', () => {
  const directory = testDirectory({ locations: [northOfBoston(1, 4)] });

  it('keeps a lead that says nothing of where it is', () => {
    const decision = ask(directory, {});
    expect([decision.attempts.length, decision.parkedReason]).toEqual([0, 'no_place']);
  });

  it('keeps a lead that nobody is near enough to, and shows who was nearest', () => {
    const decision = ask(directory, { coordinates: boston });
    expect([decision.attempts.length, decision.parkedReason]).toEqual([0, 'no_location_in_range']);
    expect(verdictsOf(decision)).toEqual(['1 out_of_radius']);
    expect(decision.trace.candidates[0]?.distanceMiles).toBeCloseTo(276.4, 0);
  });

  it('says when those in range may not take it, and when all are full', () => {
    const paused = testDirectory({ locations: [northOfBoston(1, 0.1, { paused: true })] });
    expect(ask(paused, { coordinates: boston }).parkedReason).toBe('no_eligible_location');
    const one = testDirectory({ locations: [northOfBoston(1, 0.1)] });
    const refusals = new Map([[testLocationId(1) as string, 'full' as const]]);
    expect(ask(one, { coordinates: boston }, { stickyLocationId: null, refusals }).parkedReason).toBe(
      'all_candidates_full',
    );
  });
});

describe('the place of a lead', () => {
  const directory = testDirectory({ locations: [northOfBoston(1, 0.1)] });

  it.each([
    [{ coordinates: boston, postalCode: '90210' }, 'rooftop'],
    [{ postalCode: '02134', city: 'Los Angeles', state: 'CA' }, 'zip'],
    [{ postalCode: '00000', city: 'boston', state: 'MA' }, 'city'],
    [{ city: 'No Such Town', state: 'MA' }, 'state'],
    [{ city: 'Boston' }, null],
    [{ postalCode: '00000' }, null],
  ] as const)('of %j is known by %s', (question, geoConfidence) => {
    expect(ask(directory, question).trace.geoConfidence).toBe(geoConfidence);
  });
});

it('a well-formed postal code that nobody knows is noted', () => {
  const directory = testDirectory({});
  expect(ask(directory, { postalCode: '00000' }).trace.notes).toEqual(['postalCode: unknown']);
  expect(ask(directory, { postalCode: '02134' }).trace.notes).toEqual([]);
});

describe('whatever the lead and the directory', () => {
  const numbers = fc.integer({ min: 0, max: 59 });
  const place = fc.record({
    lng: fc.double({ min: -75, max: -68, noNaN: true }),
    lat: fc.double({ min: 40, max: 45, noNaN: true }),
  });
  const locations = fc.array(
    fc.record({
      coordinates: place,
      active: fc.boolean(),
      paused: fc.boolean(),
      services: fc.subarray(['a', 'b', 'c']),
      name: fc.string({ maxLength: 200 }),
    }),
    { maxLength: 60 },
  );
  const questions = fc.record({
    namedLocation: fc.option(numbers.map((number) => `F${number}`)),
    service: fc.option(fc.constantFrom('a', 'b', 'c', 'd')),
    coordinates: fc.option(place),
    postalCode: fc.option(fc.constantFrom('02134', '03031', '99999')),
    city: fc.constant(null),
    state: fc.option(fc.constantFrom('MA', 'NH')),
  });

  it('asks nobody twice, nobody ineligible, and keeps a trace of at most 4 KB that names everyone asked', () => {
    fc.assert(
      fc.property(locations, questions, fc.option(numbers), (rows, question, sticky) => {
        const directory = testDirectory({
          locations: rows.map((row, number) => testLocation(number, row)),
          territories: rows.length > 0 ? [['zip', '02134', testLocationId(0), true, null, null]] : [],
        });
        const stickyLocationId = sticky === null ? null : testLocationId(sticky);
        const decision = ask(directory, question, { stickyLocationId, refusals: new Map() });
        const ids = decision.attempts.map((attempt) => attempt.locationId);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) {
          const location = directory.locationsById.get(id);
          expect(location?.active && !location.paused).toBe(true);
          const offers = location?.services.length === 0 || location?.services.includes(question.service ?? '');
          expect(question.service === null || offers).toBe(true);
        }
        const traced = decision.trace.candidates.filter((candidate) => candidate.verdict === 'outranked');
        expect(traced.map((candidate) => candidate.locationId)).toEqual(ids);
        expect(new TextEncoder().encode(JSON.stringify(decision.trace)).length).toBeLessThanOrEqual(4096);
      }),
      { numRuns: 300 },
    );
  });
});
