// Proves that what happens in a sub-account reaches us: a contact that nobody could mistake for a person is made, its
// ContactCreate event awaited, the contact read back and deleted.
import { isWebhookSeen } from '../../../db/queries/is-webhook-seen.ts';
import { deleteContact, findDuplicateContact, getContact, upsertContact } from '../highlevel/calls/contacts.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import { ok, type Result } from '../rules/result.ts';
import { failForHighlevel } from './highlevel-failure.ts';
import { scaleSeconds } from './patience.ts';
import { PROBE_TAG, toProbeEmail } from './rules/probe.ts';
import { findEffects, ghlLocationIdOf } from './step-facts.ts';
import type { StepContext, StepOutcome } from './step.ts';
import { loadSnapshotTask } from './tasks.ts';

const CREATE = 'create-probe';
const DELETE = 'delete-probe';
const LOOK_SECONDS = 2;
const DEADLINE_SECONDS = 120;
/** Not even a fast sandbox delivers sooner than the network does. */
const LEAST_DEADLINE_SECONDS = 10;
const LATER_SECONDS = 120;

interface Probe {
  readonly contactId: string;
  readonly ageSeconds: number;
}

/** Goes on with the probe that is there, or makes one; succeeds when it has come round and is gone. */
export async function probeWebhook(context: StepContext): Promise<StepOutcome> {
  const current = findCurrent(context);
  if (!current) return createProbe(context);
  const isSeen = await isWebhookSeen(context.deps.database, { type: 'ContactCreate', contactId: current.contactId });
  if (isSeen) return finish(context, current);
  const deadlineSeconds = Math.max(scaleSeconds(context.deps, DEADLINE_SECONDS), LEAST_DEADLINE_SECONDS);
  if (current.ageSeconds < deadlineSeconds) return waiting(context);
  const removed = await removeProbe(context, current.contactId);
  return removed.ok ? notSeen : failForHighlevel(removed.error, 'deleting the probe contact');
}

/** The last one that was made and not deleted since. */
function findCurrent(context: StepContext): Probe | null {
  const deleted = new Set(
    findEffects(context, DELETE).flatMap(({ intent, outcome }) => (outcome === 'done' ? [intent['contactId']] : [])),
  );
  const made = findEffects(context, CREATE).findLast(
    ({ outcome, result }) => outcome === 'done' && !deleted.has(result?.['contactId']),
  );
  const contactId = made?.result?.['contactId'];
  return made && typeof contactId === 'string' ? { contactId, ageSeconds: made.ageSeconds } : null;
}

async function createProbe(context: StepContext): Promise<StepOutcome> {
  const { highlevel, ledger, run } = context;
  const ghlLocationId = ghlLocationIdOf(run);
  const email = toProbeEmail(ghlLocationId);
  // Only a contact that is made anew has a ContactCreate event: what an attempt left that died is removed first.
  const left = await findDuplicateContact(highlevel.reader, { ghlLocationId, email });
  if (!left.ok && left.error.kind !== 'not_found' && left.error.kind !== 'invalid') {
    return failForHighlevel(left.error, 'looking for a probe contact that was left');
  }
  if (left.ok && left.value) {
    const removed = await removeProbe(context, left.value.id);
    if (!removed.ok) return failForHighlevel(removed.error, 'removing a probe contact that was left');
  }
  const made = await ledger.perform({
    effect: CREATE,
    intent: {},
    call: () =>
      upsertContact(highlevel.writer, {
        ghlLocationId,
        email,
        firstName: 'Switchyard',
        lastName: 'Probe',
        dnd: true,
        tags: [PROBE_TAG],
        source: 'switchyard',
      }),
    keep: ({ contact }) => ({ contactId: contact.id }),
  });
  return made.ok ? waiting(context) : failForHighlevel(made.error, 'making the probe contact');
}

function waiting({ deps }: StepContext): StepOutcome {
  return {
    kind: 'waiting',
    waitsFor: 'probe event',
    detail: 'Everything is as it should be; the probe contact’s event has not come yet.',
    retryAfterSeconds: scaleSeconds(deps, LOOK_SECONDS),
    progress: { checked: true },
  };
}

async function finish(context: StepContext, { contactId, ageSeconds }: Probe): Promise<StepOutcome> {
  const { highlevel, run } = context;
  const ghlLocationId = ghlLocationIdOf(run);
  const read = await getContact(highlevel.reader, { ghlLocationId, contactId });
  if (!read.ok && read.error.kind !== 'not_found' && read.error.kind !== 'invalid') {
    return failForHighlevel(read.error, 'reading the probe contact back');
  }
  const removed = await removeProbe(context, contactId);
  if (!removed.ok) return failForHighlevel(removed.error, 'deleting the probe contact');
  return {
    kind: 'succeeded',
    output: { checked: true, webhookSeconds: Math.round(ageSeconds) },
    tasksDone: [loadSnapshotTask(ghlLocationId).kind],
  };
}

/** Gone is gone, whoever deleted it. */
async function removeProbe(context: StepContext, contactId: string): Promise<Result<null, HighlevelError>> {
  const { highlevel, ledger, run } = context;
  const removed = await ledger.perform({
    effect: DELETE,
    intent: { contactId },
    call: async () => {
      const deleted = await deleteContact(highlevel.writer, { ghlLocationId: ghlLocationIdOf(run), contactId });
      if (!deleted.ok && (deleted.error.kind === 'not_found' || deleted.error.kind === 'invalid')) return ok(false);
      return deleted;
    },
  });
  return removed.ok ? ok(null) : removed;
}

const notSeen: StepOutcome = {
  kind: 'failed',
  reason: 'webhook_not_seen',
  detail: 'A contact was made in the sub-account, and its ContactCreate event did not reach us.',
  action:
    'Look at the app’s webhook URL and its delivery log in HighLevel’s marketplace portal, and that the app is installed in the sub-account; then run the step again.',
  isRetryable: true,
  retryAfterSeconds: LATER_SECONDS,
};
