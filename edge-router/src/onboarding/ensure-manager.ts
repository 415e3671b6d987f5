// The location's manager as a user of HighLevel. Owners of several units share one user, so it is looked for by its e-mail
// first, and its list of sub-accounts is read and written by one row at a time.
import type { OnboardingTask } from '../../../db/queries/finish-onboarding-step.ts';
import { holdOnboardingLock, releaseOnboardingLock } from '../../../db/queries/hold-onboarding-lock.ts';
import type { OnboardingEffectRow } from '../../../db/queries/onboarding-run-row.ts';
import {
  createUser,
  deleteUser,
  findUsersByEmail,
  searchUsers,
  updateUser,
  type HighlevelUser,
} from '../highlevel/calls/users.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import { hashText } from '../http/hash.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { waitForCreation } from './doubtful-creation.ts';
import { failForHighlevel } from './highlevel-failure.ts';
import { makePassword } from './make-password.ts';
import { splitName } from './rules/person-name.ts';
import type { Finding } from './rules/finding.ts';
import type { CheckContext, StepContext, StepOutcome, UndoOutcome } from './step.ts';
import { findEffects, ghlLocationIdOf } from './step-facts.ts';
import { deleteUserTask } from './tasks.ts';

const CREATE = 'create-user';
const ADD = 'add-user-location';
const REMOVE = 'remove-user';
/** Longer than reading and writing a user can take. */
const LOCK_SECONDS = 120;
const LOCKED_RETRY_SECONDS = 2;

/** The manager's user id; null where the row names no manager's e-mail. */
export async function ensureManager(context: StepContext): Promise<Result<string | null, StepOutcome>> {
  const email = context.row.managerEmail;
  if (email === null) return ok(null);
  return withUser(context, email, () => findOrCreate(context, email));
}

/** Only one row at a time works on the user of an e-mail. */
async function withUser<T>(
  { deps, run }: StepContext,
  email: string,
  work: () => Promise<Result<T, StepOutcome>>,
): Promise<Result<T, StepOutcome>> {
  const lock = { name: `user:${hashText(email)}`, holder: run.runId };
  if (!(await holdOnboardingLock(deps.database, { ...lock, seconds: LOCK_SECONDS }))) return err(locked);
  const done = await work();
  await releaseOnboardingLock(deps.database, lock);
  return done;
}

const locked: StepOutcome = {
  kind: 'waiting',
  waitsFor: 'manager of another location',
  detail: 'Another location with the same manager is being set up.',
  retryAfterSeconds: LOCKED_RETRY_SECONDS,
};

async function findOrCreate(context: StepContext, email: string): Promise<Result<string, StepOutcome>> {
  const found = await findUsersByEmail(context.highlevel.reader, email);
  if (!found.ok) return err(failForHighlevel(found.error, 'looking for the manager’s user'));
  const [user] = found.value;
  if (user) return addLocation(context, user.id, email);
  const waiting = waitForCreation(context, CREATE, 'manager’s user');
  return waiting ? err(waiting) : create(context, email);
}

async function create(context: StepContext, email: string): Promise<Result<string, StepOutcome>> {
  const { highlevel, ledger, row, run, settings } = context;
  const ghlLocationId = ghlLocationIdOf(run);
  const { firstName, lastName } = splitName(row.managerName ?? row.name);
  const created = await ledger.perform({
    effect: CREATE,
    intent: { ghlLocationId, email },
    call: () =>
      createUser(highlevel.writer, {
        spentFrom: { ghlLocationId },
        firstName,
        lastName,
        email,
        password: makePassword(),
        type: 'account',
        role: settings.manager.role,
        locationIds: [ghlLocationId],
      }),
    keep: ({ id }) => ({ userId: id }),
  });
  return created.ok ? ok(created.value.id) : err(failForHighlevel(created.error, 'creating the manager’s user'));
}

/** The search by e-mail does not promise the user's sub-accounts: they are read before they are written whole. */
async function addLocation(context: StepContext, userId: string, email: string): Promise<Result<string, StepOutcome>> {
  const { highlevel, ledger, run } = context;
  const ghlLocationId = ghlLocationIdOf(run);
  const here = await searchUsers(highlevel.reader, { spentFrom: { ghlLocationId }, ghlLocationId, query: email });
  if (!here.ok) return err(failForHighlevel(here.error, 'reading the sub-account’s users'));
  if (here.value.some(({ id }) => id === userId)) return ok(userId);
  const user = await readUser(context, userId, email);
  if (!user.ok) return user;
  const before = user.value.roles.locationIds;
  // To take "not told" for "none" would take the user's other sub-accounts away.
  if (before === null) return err(listNotTold);
  const added = await ledger.perform({
    effect: ADD,
    intent: { userId, email, before },
    call: () =>
      updateUser(highlevel.writer, {
        userId,
        spentFrom: 'company',
        locationIds: [...new Set([...before, ghlLocationId])],
      }),
  });
  return added.ok ? ok(userId) : err(failForHighlevel(added.error, 'giving the manager the sub-account'));
}

const listNotTold: StepOutcome = {
  kind: 'failed',
  reason: 'user_sub_accounts_unknown',
  detail: 'The manager is a user already, and HighLevel does not tell of which sub-accounts.',
  action: 'Give the user this sub-account in HighLevel (Settings, My Staff), then run the step again.',
  isRetryable: false,
};

async function readUser(
  { highlevel }: StepContext,
  userId: string,
  email: string,
): Promise<Result<HighlevelUser, StepOutcome>> {
  const found = await searchUsers(highlevel.reader, { spentFrom: 'company', query: email });
  if (!found.ok) return err(failForHighlevel(found.error, 'reading the manager’s user'));
  const user = found.value.find(({ id }) => id === userId);
  if (user) return ok(user);
  return err({
    kind: 'failed',
    reason: 'user_not_listed',
    detail: 'HighLevel finds the manager’s user by e-mail and does not list it yet.',
    action: 'Run the step again in a minute.',
    isRetryable: true,
    retryAfterSeconds: 30,
  });
}

export async function checkManager(context: CheckContext): Promise<Result<Finding[], HighlevelError>> {
  const { highlevel, row, ghlLocationId } = context;
  if (row.managerEmail === null) return ok([]);
  const query = row.managerEmail;
  const users = await searchUsers(highlevel.reader, { spentFrom: { ghlLocationId }, ghlLocationId, query });
  if (!users.ok) return users;
  const isThere = users.value.some(({ email }) => email?.toLowerCase() === query);
  const detail = isThere ? 'The manager is a user of the sub-account.' : 'The manager is no user of the sub-account.';
  return ok([{ check: 'manager', name: null, status: isThere ? 'ok' : 'missing', detail }]);
}

/**
 * A user that this run made goes, unless it has other sub-accounts by now; another one loses this sub-account only. The row may
 * have named several, one after the other.
 */
export async function removeManager(context: StepContext): Promise<UndoOutcome> {
  if (context.run.ghlLocationId === null) return { kind: 'undone' };
  const tasks: OnboardingTask[] = [];
  for (const email of findTouched(context)) {
    const removed = await withUser<UndoOutcome>(context, email, async () => ok(await remove(context, email)));
    if (!removed.ok && removed.error.kind === 'waiting') return removed.error;
    if (removed.ok && removed.value.kind !== 'undone') return removed.value;
    if (removed.ok && removed.value.kind === 'undone') tasks.push(...(removed.value.tasks ?? []));
  }
  return { kind: 'undone', tasks: tasks.slice(0, 1) };
}

/** The e-mails of users that this run made or gave the sub-account. */
function findTouched(context: StepContext): Set<string> {
  const sent = [...findEffects(context, CREATE), ...findEffects(context, ADD)].filter((effect) =>
    isOurs(context, effect),
  );
  return new Set(sent.flatMap((effect) => emailOf(context, effect) ?? []));
}

function isOurs({ run }: StepContext, { runId, outcome }: OnboardingEffectRow): boolean {
  return runId === run.runId && outcome !== 'not_done';
}

function emailOf({ row }: StepContext, { intent }: OnboardingEffectRow): string | null {
  return typeof intent['email'] === 'string' ? intent['email'] : row.managerEmail;
}

async function remove(context: StepContext, email: string): Promise<UndoOutcome> {
  const { highlevel, ledger, run } = context;
  const found = await searchUsers(highlevel.reader, { spentFrom: 'company', query: email });
  if (!found.ok) return failForHighlevel(found.error, 'reading the manager’s user');
  const user = found.value.find((candidate) => candidate.email?.toLowerCase() === email);
  const isMade = findEffects(context, CREATE).some(
    (effect) => isOurs(context, effect) && emailOf(context, effect) === email,
  );
  if (!user) return waitForCreation(context, CREATE, 'manager’s user') ?? { kind: 'undone' };
  const { locationIds } = user.roles;
  if (locationIds === null) return { kind: 'undone', tasks: [deleteUserTask(ghlLocationIdOf(run))] };
  const left = locationIds.filter((id) => id !== run.ghlLocationId);
  const isLast = left.length === 0;
  // A user without any sub-account would be refused: somebody else's user keeps this one.
  if (isLast && !isMade) return { kind: 'undone' };
  const removed = await ledger.perform({
    effect: REMOVE,
    intent: { userId: user.id, before: locationIds },
    call: async () => {
      if (isLast) return deleteUser(highlevel.writer, { userId: user.id, spentFrom: 'company' });
      const updated = await updateUser(highlevel.writer, { userId: user.id, spentFrom: 'company', locationIds: left });
      return updated.ok ? ok(true) : updated;
    },
  });
  if (removed.ok || removed.error.kind === 'not_found') return { kind: 'undone' };
  const isRefused = removed.error.kind === 'wrong_token' || removed.error.kind === 'unauthorized';
  if (isRefused) return { kind: 'undone', tasks: [deleteUserTask(ghlLocationIdOf(run))] };
  return failForHighlevel(removed.error, 'removing the manager’s user');
}
