import { findLocation } from '../../../../db/queries/find-location.ts';
import { ok } from '../../rules/result.ts';
import type { Step } from '../step.ts';

const EFFECT = 'activate-location';

/** From now on leads may go to the location. */
export const activate: Step = {
  name: 'activate',
  changesDirectory: true,

  async run({ run, settings, ledger }) {
    const open = run.tasks.filter(({ status }) => status === 'open');
    if (open.length > 0 && !settings.activateWithOpenTasks) {
      return {
        kind: 'failed',
        reason: 'open_tasks',
        detail: `${open.length === 1 ? 'A task is' : `${open.length} tasks are`} open: ${open.map(({ title }) => title).join('; ')}.`,
        action:
          'Do them and say so (PATCH /v1/onboarding/tasks/{taskId}), or let the settings activate with open tasks.',
        isRetryable: false,
        findings: open.map(({ kind, title }) => ({ check: 'task', name: kind, status: 'missing', detail: title })),
      };
    }
    await ledger.perform({
      effect: EFFECT,
      intent: { wasActive: run.active },
      call: () => Promise.resolve(ok(null)),
      location: () => ({ active: true }),
    });
    return { kind: 'succeeded', output: { openTasks: open.length }, topic: 'location.activated' };
  },

  async check({ deps, locationId }) {
    const location = await findLocation(deps.database, locationId);
    const isActive = location?.active === true;
    const detail = isActive ? 'The location is active.' : 'The location is not active.';
    return ok([{ check: 'active', name: null, status: isActive ? 'ok' : 'differs', detail }]);
  },

  /** A location that was active before this run stays so. */
  undo({ run, ledger }) {
    const first = ledger.effects.find(({ effect, runId }) => effect === EFFECT && runId === run.runId);
    const activatedHere = first !== undefined && first.intent['wasActive'] !== true;
    return Promise.resolve({ kind: 'undone', ...(activatedHere ? { location: { active: false } } : {}) });
  },
};
