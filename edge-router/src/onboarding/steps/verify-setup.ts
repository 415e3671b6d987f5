import { searchLocations } from '../../highlevel/calls/locations.ts';
import { checkLocation, stepThatRepairs } from '../check-location.ts';
import { failForHighlevel } from '../highlevel-failure.ts';
import { probeWebhook } from '../probe-webhook.ts';
import type { Finding } from '../rules/finding.ts';
import { toMarkerEmail } from '../rules/marker-email.ts';
import { err, ok, type Result } from '../../rules/result.ts';
import type { Failed, Step, StepContext, StepOutcome } from '../step.ts';
import { findEffects, ghlLocationIdOf, locationIdOf } from '../step-facts.ts';
import { loadSnapshotTask } from '../tasks.ts';

const MAX_NAMED = 12;

/** Looks at everything the steps before it did, and at what the template has; then lets a probe contact go round. */
export const verifySetup: Step = {
  name: 'verify-setup',
  changesDirectory: false,

  async run(context) {
    const ghlLocationId = ghlLocationIdOf(context.run);
    // While the probe's event is waited for, the rest was right a moment ago.
    const isProbing = context.run.steps.some(
      ({ step, output }) => step === 'verify-setup' && output?.['checked'] === true,
    );
    const isGoingOn = isProbing && context.run.steps.some(({ step, polls }) => step === 'verify-setup' && polls > 0);
    if (!isGoingOn) {
      const single = await findOthers(context);
      if (!single.ok) return single.error;
      const checked = await checkLocation({ ...context, locationId: locationIdOf(context.run), ghlLocationId });
      if (!checked.ok) return failForHighlevel(checked.error, 'verifying the sub-account');
      const wrong = checked.value.filter(({ status }) => status !== 'ok');
      if (wrong.length > 0) return describeWrong(wrong, ghlLocationId);
    }
    return probeWebhook(context);
  },

  check: checkLocation,

  /** The probe goes as soon as it was seen; whatever an attempt that died left goes with the next one. */
  undo: () => Promise.resolve({ kind: 'undone' }),
};

/** Where more than one creation was sent, a late one may have come after all. */
async function findOthers(context: StepContext): Promise<Result<null, StepOutcome>> {
  const { highlevel, run, settings } = context;
  if (findEffects(context, 'create-sub-account').length < 2) return ok(null);
  const marker = toMarkerEmail(settings.markerEmail, { locationId: locationIdOf(run), generation: run.generation });
  const found = await searchLocations(highlevel.reader, { email: marker, limit: 10 });
  if (!found.ok) return err(failForHighlevel(found.error, 'searching for a second sub-account'));
  const others = found.value.filter(({ id }) => id !== run.ghlLocationId);
  if (others.length === 0) return ok(null);
  return err({
    kind: 'failed',
    reason: 'two_sub_accounts',
    detail: `HighLevel has other sub-accounts that were made for this location: ${others.map(({ id }) => id).join(', ')}.`,
    action: 'Delete them in HighLevel, then run the step again.',
    isRetryable: false,
    findings: others.map(({ id }) => ({ check: 'sub-account', name: id, status: 'differs', detail: 'One too many.' })),
  });
}

function describeWrong(wrong: readonly Finding[], ghlLocationId: string): Failed {
  const named = wrong
    .slice(0, MAX_NAMED)
    .map(({ check, name, status }) => `${check}${name ? ` “${name}”` : ''} ${status}`);
  const rest = wrong.length > MAX_NAMED ? ` and ${wrong.length - MAX_NAMED} more` : '';
  const steps = [...new Set(wrong.map(({ check }) => stepThatRepairs(check)))];
  const isSnapshot = steps.includes('apply-snapshot');
  const repairs = steps.filter((step) => step !== 'apply-snapshot');
  const again = repairs.length > 0 ? `Run ${repairs.join(' and ')} again with ?again=true, then this step.` : '';
  const load = isSnapshot
    ? 'Load what is missing in HighLevel (the snapshot is never pushed twice), then run this step again.'
    : '';
  return {
    kind: 'failed',
    reason: isSnapshot ? 'snapshot_incomplete' : 'differs',
    detail: `Not as it should be: ${named.join(', ')}${rest}.`,
    action: [load, again].filter((text) => text !== '').join(' '),
    isRetryable: false,
    findings: wrong,
    ...(isSnapshot ? { tasks: [loadSnapshotTask(ghlLocationId)] } : {}),
  };
}
