import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findNextSteps, isStepName, stepNames, stepNeeds, type StepProgress } from './steps.ts';

const NOW_MS = 1_000_000;

function progress(statuses: Readonly<Record<string, string>>, given: Partial<StepProgress> = {}): StepProgress[] {
  return stepNames.map((step) => ({
    step,
    status: statuses[step] ?? 'pending',
    isRunning: false,
    isRetryable: null,
    nextTryAtMs: null,
    ...(statuses[step] === undefined ? {} : given),
  }));
}

describe('the next steps of a run', () => {
  it('begin with the record', () => {
    expect(findNextSteps(progress({}), NOW_MS)).toEqual([{ step: 'create-record', atMs: NOW_MS }]);
  });

  it('are two once the snapshot is there, for neither needs the other', () => {
    const done = { 'create-record': 'succeeded', 'create-sub-account': 'succeeded', 'apply-snapshot': 'succeeded' };
    const next = findNextSteps(progress(done), NOW_MS).map(({ step }) => step);
    expect(next).toEqual(['configure-automations', 'set-up-integrations']);
  });

  it('wait until their time', () => {
    const waiting = progress({ 'create-record': 'waiting' }, { nextTryAtMs: NOW_MS + 5000 });
    expect(findNextSteps(waiting, NOW_MS)).toEqual([{ step: 'create-record', atMs: NOW_MS + 5000 }]);
    expect(findNextSteps(waiting, NOW_MS + 9000)).toEqual([{ step: 'create-record', atMs: NOW_MS + 9000 }]);
  });

  it.each([
    ['somebody works on it', progress({ 'create-record': 'running' }, { isRunning: true }), 0],
    ['whoever worked on it is gone', progress({ 'create-record': 'running' }), 1],
    ['it failed and may be asked again', progress({ 'create-record': 'failed' }, { isRetryable: true }), 1],
    ['it failed and a person has to help', progress({ 'create-record': 'failed' }, { isRetryable: false }), 0],
    ['it was undone', progress({ 'create-record': 'undone' }), 1],
  ])('when %s', (_name, steps, count) => {
    expect(findNextSteps(steps, NOW_MS)).toHaveLength(count);
  });

  it('lead to the end in at most as many turns as there are steps, whichever is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 7, maxLength: 7 }), (choices) => {
        const done: Record<string, string> = {};
        for (const choice of choices) {
          const next = findNextSteps(progress(done), NOW_MS);
          const { step } = next[choice % next.length] ?? { step: 'create-record' as const };
          expect(stepNeeds[step].every((need) => done[need] === 'succeeded')).toBe(true);
          done[step] = 'succeeded';
        }
        expect(findNextSteps(progress(done), NOW_MS)).toEqual([]);
      }),
    );
  });
});

it('knows its steps by name', () => {
  expect(stepNames.every(isStepName)).toBe(true);
  expect(isStepName('toString')).toBe(false);
});
