import type { OnboardingRow } from './onboarding-row.ts';
import type { OnboardingSettings } from './onboarding-settings.ts';
import type { StepName } from './steps.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * What a step uses of a row and of the brand's settings. A step that succeeded is done again only when this differs, so a
 * corrected manager's name does not touch the sub-account, and a new snapshot does not touch the record.
 */
export function fieldsOfStep(step: StepName, row: OnboardingRow, settings: OnboardingSettings): Json {
  switch (step) {
    case 'create-record': {
      return { row };
    }
    case 'create-sub-account': {
      const { rowKey, name, phone, address, city, state, country, postalCode, website, timezone, ghlLocationId } = row;
      const { markerEmail } = settings;
      return {
        rowKey,
        name,
        phone,
        address,
        city,
        state,
        country,
        postalCode,
        website,
        timezone,
        ghlLocationId,
        markerEmail,
      };
    }
    case 'apply-snapshot': {
      return { snapshotId: settings.snapshotId };
    }
    case 'configure-automations': {
      return { row: withoutPlace(row), customValues: settings.customValues };
    }
    case 'set-up-integrations': {
      const { managerName, managerEmail, phone } = row;
      const { manager, calendar, pipelineName, personTasks } = settings;
      return { managerName, managerEmail, phone, manager, calendar, pipelineName, personTasks };
    }
    case 'verify-setup': {
      return { row, settings: withoutActivation(settings) };
    }
    case 'activate': {
      return { dailyCap: row.dailyCap };
    }
  }
}

/** Texts that templates may name; the point and the cap are not among them. */
function withoutPlace({
  coordinates: _c,
  geoConfidence: _g,
  dailyCap: _d,
  hours: _h,
  holidays: _o,
  ...row
}: OnboardingRow) {
  return row;
}

function withoutActivation({ activateWithOpenTasks: _a, ...settings }: OnboardingSettings) {
  return settings;
}

/** One text for one meaning: keys in order, nothing undefined. What is hashed. */
export function toCanonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${toCanonicalJson(item)}`).join(',')}}`;
}
