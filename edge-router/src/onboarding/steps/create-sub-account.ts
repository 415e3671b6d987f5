import type { OnboardingEffectRow } from '../../../../db/queries/onboarding-run-row.ts';
import { isAppInstalled } from '../../../../db/queries/is-app-installed.ts';
import {
  createLocation,
  getLocation,
  searchLocations,
  updateLocation,
  type SubAccount,
} from '../../highlevel/calls/locations.ts';
import { ok } from '../../rules/result.ts';
import { failForHighlevel } from '../highlevel-failure.ts';
import { scaleSeconds } from '../patience.ts';
import { toMarkerEmail } from '../rules/marker-email.ts';
import { compareSubAccount, toSubAccountFields, type SubAccountFields } from '../rules/sub-account-fields.ts';
import type { Failed, Step, StepContext, StepOutcome, Waiting } from '../step.ts';
import { findEffects, isCreatedHere, locationIdOf } from '../step-facts.ts';
import { installTask, twoSubAccountsTask } from '../tasks.ts';
import { deleteSubAccount } from './delete-sub-account.ts';

const CREATE = 'create-sub-account';
const ADOPT = 'adopt-sub-account';
const UPDATE = 'update-sub-account';

const SEARCH_AGAIN_SECONDS = 10;
const INSTALL_RETRY_SECONDS = 3;
/** INSTALL comes by webhook; before this it is not asked for by a call. */
const INSTALL_PATIENCE_SECONDS = 20;
const INSTALL_DEADLINE_SECONDS = 600;

/**
 * The location's sub-account: the one it has, one to adopt, or a new one, created under a marker e-mail by which a creation
 * of unknown outcome is found again. Ends when the app is installed there, without which there is no token for the rest.
 */
export const createSubAccount: Step = {
  name: 'create-sub-account',
  changesDirectory: true,

  async run(context) {
    const found = await findOrCreate(context);
    if (typeof found !== 'string') return found;
    return waitForApp(context, found);
  },

  async check({ highlevel, row, ghlLocationId }) {
    const found = await getLocation(highlevel.reader, { ghlLocationId, spentFrom: { ghlLocationId } });
    if (!found.ok) return found;
    const differing = Object.keys(compareSubAccount(toSubAccountFields(row), found.value));
    const detail =
      differing.length === 0
        ? 'The sub-account has the row’s data.'
        : `The sub-account differs in ${differing.join(', ')}.`;
    return ok([{ check: 'sub-account', name: null, status: differing.length === 0 ? 'ok' : 'differs', detail }]);
  },

  /** What this run created goes; what was there before gets its data back. */
  async undo(context) {
    const left = await settleCreations(context);
    if (left && left.kind !== 'found') return left;
    const ghlLocationId = left?.ghlLocationId ?? context.run.ghlLocationId;
    if (ghlLocationId === null) return { kind: 'undone' };
    if (isCreatedHere(context) || left) return deleteSubAccount(context, ghlLocationId);
    return restore(context, ghlLocationId);
  },
};

/** The sub-account's id, or what keeps it from being there. */
async function findOrCreate(context: StepContext): Promise<string | StepOutcome> {
  const { run, row } = context;
  if (run.ghlLocationId !== null) {
    const isGoingOn = run.steps.some(({ step, polls }) => step === 'create-sub-account' && polls > 0);
    // While the app is waited for, the sub-account is as it was made: reading it would cost a call of the company's each time.
    return isGoingOn && isCreatedHere(context) ? run.ghlLocationId : bringUpToDate(context, run.ghlLocationId);
  }
  const left = await settleCreations(context);
  if (left) return left.kind === 'found' ? bringUpToDate(context, left.ghlLocationId) : left;
  return row.ghlLocationId === null ? create(context) : adopt(context, row.ghlLocationId);
}

interface FoundLeft {
  readonly kind: 'found';
  readonly ghlLocationId: string;
}

/**
 * What became of creations that nobody saw answered. They are searched for by the marker until the last of them can no longer
 * happen; only then does finding nothing mean that there is nothing. Null: nothing is left of them.
 */
async function settleCreations(context: StepContext): Promise<FoundLeft | Waiting | Failed | null> {
  const { deps, highlevel, ledger, run } = context;
  const doubtful = findEffects(context, CREATE).filter(({ outcome }) => outcome === 'unknown');
  const [latest] = doubtful.slice(-1);
  if (!latest) return null;
  const searched = await searchLocations(highlevel.reader, { email: markerOf(context), limit: 10 });
  if (!searched.ok) return failForHighlevel(searched.error, 'searching for the sub-account');
  const [first, ...others] = searched.value;
  if (first && others.length > 0) return twoFound(context, searched.value);
  if (first) {
    for (const { effectId } of doubtful) {
      const isIt = effectId === latest.effectId;
      await ledger.settle(effectId, isIt ? foundAs(first.id) : { outcome: 'not_done', result: { foundAs: first.id } });
    }
    return { kind: 'found', ghlLocationId: first.id };
  }
  const settlesInSeconds = Math.max(...doubtful.map((effect) => effect.settlesInSeconds));
  if (settlesInSeconds > 0) {
    const searchAgain = scaleSeconds(deps, SEARCH_AGAIN_SECONDS);
    return {
      kind: 'waiting',
      waitsFor: 'sub-account search',
      detail:
        'An earlier attempt to create the sub-account was not answered: it is searched for until it surely was not made.',
      retryAfterSeconds: Math.min(Math.max(settlesInSeconds, 1), searchAgain),
      progress: { settlesInSeconds: Math.ceil(settlesInSeconds) },
    };
  }
  for (const { effectId } of doubtful) await ledger.settle(effectId, { outcome: 'not_done' });
  deps.log({ event: 'sub_account_not_created', runId: run.runId, attempts: doubtful.length });
  return null;
}

function foundAs(ghlLocationId: string) {
  return { outcome: 'done', result: { ghlLocationId, foundBySearch: true }, location: { ghlLocationId } } as const;
}

function markerOf({ settings, run }: StepContext): string {
  return toMarkerEmail(settings.markerEmail, { locationId: locationIdOf(run), generation: run.generation });
}

function twoFound({ run }: StepContext, found: readonly SubAccount[]): Failed {
  const ids = found.map(({ id }) => id);
  return {
    kind: 'failed',
    reason: 'two_sub_accounts',
    detail: `HighLevel has ${ids.length} sub-accounts that were made for this location: ${ids.join(', ')}.`,
    action: `Keep one: PATCH /v1/locations/${run.locationId} with its ghlLocationId, delete the others in HighLevel, then run the step again.`,
    isRetryable: false,
    findings: ids.map((id) => ({ check: 'sub-account', name: id, status: 'differs', detail: 'One of several.' })),
    tasks: [twoSubAccountsTask(ids)],
  };
}

async function create(context: StepContext): Promise<string | StepOutcome> {
  const { deps, highlevel, ledger, row, settings } = context;
  const marker = markerOf(context);
  const created = await ledger.perform({
    effect: CREATE,
    intent: { marker, snapshotId: settings.snapshotId },
    call: () =>
      createLocation(highlevel.writer, {
        ...toSubAccountFields(row),
        snapshotId: settings.snapshotId,
        prospectInfo: { firstName: settings.brandName, lastName: row.franchiseCode, email: marker },
      }),
    keep: ({ id }) => ({ ghlLocationId: id }),
    location: ({ id }) => ({ ghlLocationId: id }),
  });
  if (created.ok) return created.value.id;
  const { kind } = created.error;
  if (kind !== 'unknown_outcome' && kind !== 'unexpected_answer' && kind !== 'unavailable') {
    return failForHighlevel(created.error, 'creating the sub-account');
  }
  return {
    kind: 'waiting',
    waitsFor: 'sub-account search',
    detail: 'HighLevel did not say whether the sub-account was created: it is searched for.',
    retryAfterSeconds: scaleSeconds(deps, SEARCH_AGAIN_SECONDS),
  };
}

/** Takes a sub-account that exists; the row names it. */
async function adopt(context: StepContext, ghlLocationId: string): Promise<string | StepOutcome> {
  const { highlevel, ledger } = context;
  const found = await getLocation(highlevel.reader, { ghlLocationId, spentFrom: 'company' });
  if (!found.ok) return failForHighlevel(found.error, 'looking for the sub-account to adopt');
  await ledger.perform({
    effect: ADOPT,
    intent: { ghlLocationId },
    call: () => Promise.resolve(ok(null)),
    keep: () => ({ ghlLocationId }),
    location: () => ({ ghlLocationId }),
  });
  return writeDifference(context, found.value);
}

async function bringUpToDate(context: StepContext, ghlLocationId: string): Promise<string | StepOutcome> {
  const found = await getLocation(context.highlevel.reader, { ghlLocationId, spentFrom: 'company' });
  if (found.ok) return writeDifference(context, found.value);
  if (found.error.kind !== 'not_found' && found.error.kind !== 'invalid') {
    return failForHighlevel(found.error, 'reading the sub-account');
  }
  return {
    kind: 'failed',
    reason: 'sub_account_gone',
    detail: `HighLevel has no sub-account ${ghlLocationId} any more.`,
    action: `If it was deleted, PATCH /v1/locations/${context.run.locationId} with "ghlLocationId": null, then run the step again: a new one is created.`,
    isRetryable: false,
  };
}

/** Writes what differs; what is right is left alone. */
async function writeDifference(context: StepContext, stored: SubAccount): Promise<string | StepOutcome> {
  const { highlevel, ledger, row } = context;
  const wanted = toSubAccountFields(row);
  const changes = compareSubAccount(wanted, stored);
  if (Object.keys(changes).length === 0) return stored.id;
  const updated = await ledger.perform({
    effect: UPDATE,
    intent: { ghlLocationId: stored.id, before: pickBefore(changes, stored) },
    // The name is always sent: HighLevel does not document that a part is enough.
    call: () => updateLocation(highlevel.writer, stored.id, { name: wanted.name, ...changes }),
  });
  return updated.ok ? stored.id : failForHighlevel(updated.error, 'updating the sub-account');
}

function pickBefore(changes: Partial<SubAccountFields>, stored: SubAccount): Record<string, unknown> {
  const before: Readonly<Record<string, unknown>> = { ...stored };
  return Object.fromEntries(Object.keys(changes).map((field) => [field, before[field] ?? null]));
}

/** The app comes by itself a little after the creation, and INSTALL tells so. */
async function waitForApp(context: StepContext, ghlLocationId: string): Promise<StepOutcome> {
  const { deps, highlevel, run } = context;
  const done: StepOutcome = {
    kind: 'succeeded',
    output: { ghlLocationId, created: isCreatedByAnyRun(context) },
    tasksDone: [installTask(ghlLocationId).kind],
  };
  if (await isAppInstalled(deps.database, ghlLocationId)) return done;
  const waitedSeconds = secondsSince(context, run.steps.find(({ step }) => step === 'create-sub-account')?.waitsSince);
  const isPatient = waitedSeconds < scaleSeconds(deps, INSTALL_PATIENCE_SECONDS);
  if (!isPatient) {
    // A token can be had only where the app is: asking for the sub-account with one of its own shows it.
    const own = await getLocation(highlevel.reader, { ghlLocationId, spentFrom: { ghlLocationId } });
    if (own.ok) return done;
    if (own.error.kind === 'not_connected' || own.error.kind === 'rate_limited' || own.error.kind === 'unavailable') {
      return failForHighlevel(own.error, 'looking whether the app is installed in the sub-account');
    }
  }
  if (waitedSeconds > scaleSeconds(deps, INSTALL_DEADLINE_SECONDS)) return notInstalled(ghlLocationId);
  return {
    kind: 'waiting',
    waitsFor: 'app installation',
    detail: 'The sub-account is there; the app is not installed in it yet.',
    retryAfterSeconds: scaleSeconds(deps, isPatient ? INSTALL_RETRY_SECONDS : INSTALL_PATIENCE_SECONDS),
    progress: { ghlLocationId },
  };
}

function secondsSince({ deps }: StepContext, time: string | null | undefined): number {
  return time ? Math.max(0, (deps.nowMs() - Date.parse(time)) / 1000) : 0;
}

function notInstalled(ghlLocationId: string): Failed {
  return {
    kind: 'failed',
    reason: 'app_not_installed',
    detail: 'The app is not installed in the new sub-account, so there is no token for it.',
    action:
      'An agency admin installs the app there (and, best, "in all future sub-accounts"); then run the step again.',
    isRetryable: false,
    tasks: [installTask(ghlLocationId)],
  };
}

function isCreatedByAnyRun(context: StepContext): boolean {
  return findEffects(context, CREATE).some(({ outcome }) => outcome === 'done');
}

/** The data that the sub-account had before this run; one that the row named is let go. */
async function restore(context: StepContext, ghlLocationId: string): ReturnType<Step['undo']> {
  const { highlevel, ledger, run, row } = context;
  const isOurs = ({ runId }: OnboardingEffectRow): boolean => runId === run.runId;
  const updates = findEffects(context, UPDATE).filter(isOurs);
  const before: Readonly<Record<string, unknown>> = Object.assign(
    {},
    ...updates.toReversed().map(({ intent }) => intent['before']),
  );
  // How to empty a field is documented nowhere: what was empty keeps the row's value.
  const fields = Object.fromEntries(
    Object.entries(before).filter(([, value]) => typeof value === 'string' && value !== ''),
  );
  if (Object.keys(fields).length > 0) {
    const restored = await ledger.perform({
      effect: UPDATE,
      intent: { restores: Object.keys(fields) },
      call: () => updateLocation(highlevel.writer, ghlLocationId, { name: row.name, ...fields }),
    });
    if (!restored.ok && restored.error.kind !== 'not_found') {
      return failForHighlevel(restored.error, 'restoring the sub-account');
    }
  }
  const isAdopted = findEffects(context, ADOPT).some(isOurs);
  return { kind: 'undone', ...(isAdopted ? { location: { ghlLocationId: null } } : {}) };
}
