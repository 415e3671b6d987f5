import { getLocation, deleteLocation, updateLocation } from '../../highlevel/calls/locations.ts';
import { searchContacts } from '../../highlevel/calls/contacts.ts';
import { failForHighlevel } from '../highlevel-failure.ts';
import { PROBE_TAG } from '../rules/probe.ts';
import type { StepContext, UndoOutcome } from '../step.ts';
import { deleteSubAccountTask, subAccountInUseTask } from '../tasks.ts';

const DELETE = 'delete-sub-account';
const RENAME = 'rename-sub-account';
const RETRY_SECONDS = 10;
const CONTACTS_LOOKED_AT = 20;

/**
 * Deletes a sub-account that this run made, unless people are in it. Where our token may not delete, it is renamed and a
 * person does it; either way the location's next sub-account is another generation.
 */
export async function deleteSubAccount(context: StepContext, ghlLocationId: string): Promise<UndoOutcome> {
  const { highlevel, ledger } = context;
  const gone = { ghlLocationId: null, giveUpGeneration: true };
  const contacts = await countForeignContacts(context, ghlLocationId);
  if (typeof contacts !== 'number') return contacts;
  if (contacts > 0) return keep(ghlLocationId);
  const deleted = await ledger.perform({
    effect: DELETE,
    intent: { ghlLocationId },
    call: () => deleteLocation(highlevel.writer, ghlLocationId),
  });
  if (deleted.ok && deleted.value) return { kind: 'undone', location: gone, output: { deleted: ghlLocationId } };
  if (!deleted.ok) {
    const { error } = deleted;
    if (error.kind === 'not_found') return { kind: 'undone', location: gone };
    const mayBeDone = error.kind === 'unknown_outcome' || error.kind === 'unavailable' || error.kind === 'invalid';
    if (mayBeDone) return lookAgain(context, ghlLocationId, error.kind === 'invalid');
    const isRefused = error.kind === 'wrong_token' || error.kind === 'unauthorized';
    if (!isRefused) return failForHighlevel(error, 'deleting the sub-account');
  }
  return renameInstead(context, ghlLocationId);
}

/** Contacts that are not our own probe; a page is enough to know whether there are any. */
async function countForeignContacts(context: StepContext, ghlLocationId: string): Promise<number | UndoOutcome> {
  const found = await searchContacts(context.highlevel.reader, {
    ghlLocationId,
    filters: [],
    pageLimit: CONTACTS_LOOKED_AT,
  });
  if (found.ok) return found.value.contacts.filter(({ tags }) => !tags.includes(PROBE_TAG)).length;
  const { kind } = found.error;
  if (kind === 'not_found' || kind === 'invalid' || kind === 'wrong_token' || kind === 'unauthorized') {
    return judgeUnseen(context, ghlLocationId);
  }
  return failForHighlevel(found.error, 'looking for contacts in the sub-account');
}

/**
 * Nobody can look for contacts. Before the app came, nobody has put any there through it; later they may be people's, unless the
 * sub-account is gone.
 */
async function judgeUnseen({ highlevel, run }: StepContext, ghlLocationId: string): Promise<number | UndoOutcome> {
  const hadApp = run.steps.some(({ step, attempt }) => step === 'apply-snapshot' && attempt > 0);
  if (!hadApp) return 0;
  const found = await getLocation(highlevel.reader, { ghlLocationId, spentFrom: 'company' });
  if (found.ok) return keep(ghlLocationId);
  if (found.error.kind === 'not_found' || found.error.kind === 'invalid') return 0;
  return failForHighlevel(found.error, 'looking for the sub-account');
}

function keep(ghlLocationId: string): UndoOutcome {
  return { kind: 'undone', tasks: [subAccountInUseTask(ghlLocationId)], output: { kept: ghlLocationId } };
}

/** Whether a deletion was done although it was not answered so. Deleting again does no harm. */
async function lookAgain(context: StepContext, ghlLocationId: string, isRefused: boolean): Promise<UndoOutcome> {
  const found = await getLocation(context.highlevel.reader, { ghlLocationId, spentFrom: 'company' });
  const isGone = !found.ok && (found.error.kind === 'not_found' || found.error.kind === 'invalid');
  if (isGone) return { kind: 'undone', location: { ghlLocationId: null, giveUpGeneration: true } };
  if (isRefused) return renameInstead(context, ghlLocationId);
  return {
    kind: 'waiting',
    waitsFor: 'sub-account deletion',
    detail: 'HighLevel did not say whether the sub-account was deleted: it is tried again.',
    retryAfterSeconds: RETRY_SECONDS,
  };
}

async function renameInstead(context: StepContext, ghlLocationId: string): Promise<UndoOutcome> {
  const { highlevel, ledger, row } = context;
  const renamed = await ledger.perform({
    effect: RENAME,
    intent: { ghlLocationId },
    call: () => updateLocation(highlevel.writer, ghlLocationId, { name: `ZZ-FAILED ${row.name}` }),
  });
  if (!renamed.ok && renamed.error.kind !== 'not_found') {
    return failForHighlevel(renamed.error, 'renaming the sub-account that could not be deleted');
  }
  return {
    kind: 'undone',
    location: { ghlLocationId: null, giveUpGeneration: true },
    tasks: [deleteSubAccountTask(ghlLocationId)],
    output: { renamed: ghlLocationId },
  };
}
