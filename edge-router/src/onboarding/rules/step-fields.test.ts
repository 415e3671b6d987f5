import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { otterbrookSettings, planRow } from '../testing/otterbrook.ts';
import { onboardingSettingsSchema, type OnboardingSettings } from './onboarding-settings.ts';
import type { OnboardingRow } from './onboarding-row.ts';
import { fieldsOfStep, toCanonicalJson } from './step-fields.ts';
import { stepNames } from './steps.ts';

const brandIds = { company: 'c', owner: 'o', template: 't', snapshot: 's' };
const settings = onboardingSettingsSchema.parse(otterbrookSettings({ brandIds }));

function changedBy(row: Partial<OnboardingRow>, changed: Partial<OnboardingSettings> = {}): string[] {
  const before = (step: (typeof stepNames)[number]): string => toCanonicalJson(fieldsOfStep(step, planRow(), settings));
  const after = (step: (typeof stepNames)[number]): string =>
    toCanonicalJson(fieldsOfStep(step, planRow(row), { ...settings, ...changed }));
  return stepNames.filter((step) => before(step) !== after(step));
}

describe('what a correction concerns', () => {
  it.each<[string, Partial<OnboardingRow>, string[]]>([
    ['nothing', {}, []],
    [
      'the phone',
      { phone: '+12055550199' },
      ['create-record', 'create-sub-account', 'configure-automations', 'set-up-integrations', 'verify-setup'],
    ],
    [
      'the manager’s name',
      { managerName: 'Somebody Else' },
      ['create-record', 'configure-automations', 'set-up-integrations', 'verify-setup'],
    ],
    ['the point on the map', { coordinates: { lng: -86, lat: 33 } }, ['create-record', 'verify-setup']],
    ['the cap', { dailyCap: 5 }, ['create-record', 'verify-setup', 'activate']],
  ])('%s', (_name, row, steps) => {
    expect(changedBy(row)).toEqual(steps);
  });

  it.each<[string, Partial<OnboardingSettings>, string[]]>([
    ['another snapshot', { snapshotId: 'other' }, ['apply-snapshot', 'verify-setup']],
    ['another custom value', { customValues: { a: '{name}' } }, ['configure-automations', 'verify-setup']],
    ['whether open tasks hinder', { activateWithOpenTasks: true }, []],
  ])('settings: %s', (_name, changed, steps) => {
    expect(changedBy({}, changed)).toEqual(steps);
  });
});

it('writes one text for one meaning', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      type Json = Parameters<typeof toCanonicalJson>[0];
      const text = toCanonicalJson(value as Json);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(toCanonicalJson(reverseKeys(value) as Json)).toBe(text);
    }),
  );
});

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reverseKeys(item)]),
  );
}
