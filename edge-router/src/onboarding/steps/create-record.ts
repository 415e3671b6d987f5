import { findLocationByCode } from '../../../../db/queries/find-location-by-code.ts';
import { locationRowSchema, type LocationRow } from '../../../../db/queries/location-row.ts';
import { upsertLocations, type LocationUpsert } from '../../../../db/queries/upsert-locations.ts';
import { findLocation } from '../../../../db/queries/find-location.ts';
import { parseState } from '../../locations/rules/states.ts';
import { ok } from '../../rules/result.ts';
import type { OnboardingRow } from '../rules/onboarding-row.ts';
import type { Finding } from '../rules/finding.ts';
import type { Failed, Step, StepContext } from '../step.ts';

const EFFECT = 'upsert-location';

/** The location's record, inactive until the end; one that exists keeps its sub-account and whether it takes leads. */
export const createRecord: Step = {
  name: 'create-record',
  changesDirectory: true,

  async run(context) {
    const { deps, row, ledger } = context;
    const before = await findLocationByCode(deps.database, row.franchiseCode);
    const upserted = await ledger.perform({
      effect: EFFECT,
      intent: { before },
      call: async () => ok(await upsertLocations(deps.database, [toUpsert(row, before?.active ?? false)])),
    });
    if (!upserted.ok || upserted.value.kind === 'sub_account_taken') return contested;
    const stored = await findLocationByCode(deps.database, row.franchiseCode);
    if (!stored) throw new Error('an upserted location is not there');
    const { id: locationId, active } = stored;
    return { kind: 'succeeded', output: { locationId, existed: before !== null, active }, location: { locationId } };
  },

  async check({ deps, row, locationId }) {
    const stored = await findLocation(deps.database, locationId);
    if (!stored)
      return ok([{ check: 'record', name: null, status: 'missing', detail: 'There is no location record.' }]);
    const differing = comparedFields.filter((field) => stored[field] !== row[field]);
    const finding: Finding =
      differing.length === 0
        ? { check: 'record', name: null, status: 'ok', detail: 'The location record is the row’s.' }
        : {
            check: 'record',
            name: null,
            status: 'differs',
            detail: `The location record differs in ${differing.join(', ')}.`,
          };
    return ok([finding]);
  },

  /** A record is never deleted: it stays inactive, or becomes what it was before this run. */
  async undo(context) {
    const before = findBefore(context);
    if (!before) return { kind: 'undone', location: { active: false } };
    const restored = await upsertLocations(context.deps.database, [toFormerUpsert(before, context.row)]);
    return restored.kind === 'upserted' ? { kind: 'undone' } : contested;
  },
};

const comparedFields = [
  'name',
  'address',
  'city',
  'state',
  'postalCode',
  'phone',
  'email',
  'website',
  'timezone',
] as const;

/** What was there before this run first touched it; null where nothing was. */
function findBefore({ ledger, run }: StepContext): LocationRow | null {
  const first = ledger.effects.find(({ effect, runId }) => effect === EFFECT && runId === run.runId);
  const parsed = locationRowSchema.safeParse(first?.intent['before']);
  return parsed.success ? parsed.data : null;
}

function toUpsert(row: OnboardingRow, active: boolean): LocationUpsert {
  const { rowKey: _k, timezoneSource: _t, ...location } = row;
  // A sub-account is adopted by its own step, which can take it back.
  return { ...location, ghlLocationId: null, active };
}

function toFormerUpsert(before: LocationRow, row: OnboardingRow): LocationUpsert {
  const { id: _i, paused: _p, createdAt: _c, updatedAt: _u, coordinates, geoConfidence, ...rest } = before;
  return {
    ...rest,
    coordinates: coordinates ?? row.coordinates,
    geoConfidence: geoConfidence ?? row.geoConfidence,
    geoRegion: parseState(before.state ?? '')?.geoRegion ?? row.geoRegion,
    ghlLocationId: null,
  };
}

const contested: Failed = {
  kind: 'failed',
  reason: 'sub_account_taken',
  detail: 'Another location has this sub-account.',
  action: 'Look which of the two it belongs to (GET /v1/locations), and correct the other.',
  isRetryable: false,
};
