import { describe, expect, it } from 'vitest';
import { judgeRowFailure, MAX_TRIES, type RowProblem } from './row-failure.ts';

const row = { step: 'verify-setup', failures: 0, direction: 'forward', runId: 'r', onFailure: 'keep' } as const;
const interrupted: RowProblem = {
  kind: 'step_interrupted',
  step: 'verify-setup',
  reason: 'highlevel_unavailable',
  detail: 'No answer.',
  action: 'Ask again.',
  retryable: true,
};

describe('a row whose step failed', () => {
  it('is tried again with doubling delays, five times in all, when it may pass by itself', () => {
    const delays = [0, 1, 2, 3].map((failures) => {
      const verdict = judgeRowFailure(interrupted, { ...row, failures });
      return verdict.status === 'waiting' ? verdict.delaySeconds : null;
    });
    expect(delays).toEqual([5, 10, 20, 40]);
    expect(judgeRowFailure(interrupted, { ...row, failures: MAX_TRIES - 1 })).toMatchObject({
      status: 'failed',
      error: { step: 'verify-setup', reason: 'highlevel_unavailable', detail: 'No answer.' },
    });
  });

  it('waits as long as the step asks for, if that is longer', () => {
    expect(judgeRowFailure({ ...interrupted, retryAfterSeconds: 120 }, row)).toMatchObject({ delaySeconds: 120 });
  });

  it('fails at once when somebody has to change something', () => {
    const failed = { ...interrupted, kind: 'step_failed', findings: [{ name: 'a' }] };
    expect(judgeRowFailure(failed, row)).toMatchObject({ status: 'failed', error: { findings: [{ name: 'a' }] } });
  });

  it('is rolled back when its batch says so, unless it never began', () => {
    const failed = { ...interrupted, kind: 'step_failed' };
    const verdict = judgeRowFailure(failed, { ...row, onFailure: 'roll_back' });
    expect(verdict).toMatchObject({ status: 'queued', turnTo: 'back', error: { reason: 'highlevel_unavailable' } });
    const never = { ...row, onFailure: 'roll_back', runId: null } as const;
    expect(judgeRowFailure(failed, never)).toMatchObject({ status: 'failed' });
    expect(judgeRowFailure(failed, { ...row, onFailure: 'roll_back', direction: 'back' })).toMatchObject({
      status: 'failed',
    });
  });

  it('starts at the first step when an earlier one is to be done again, but not for ever', () => {
    const blocked = { kind: 'step_blocked', step: 'activate' };
    expect(judgeRowFailure(blocked, row)).toEqual({ status: 'active', stepsDone: 0, failures: 1 });
    expect(judgeRowFailure(blocked, { ...row, failures: MAX_TRIES - 1 })).toMatchObject({ status: 'failed' });
  });
});
