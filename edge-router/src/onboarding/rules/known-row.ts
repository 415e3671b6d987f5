import type { OnboardingRow } from './onboarding-row.ts';

interface KnownRun {
  readonly row: Readonly<Record<string, unknown>>;
  readonly ghlLocationId: string | null;
}

/**
 * A plan of the same file, made once the location exists, knows what the run itself has made: the sub-account, and a time zone
 * that is by then a stored one. That is nothing new, and no reason to do steps again: it is taken as the run has it.
 */
export function takeOwnWorkAsKnown(row: OnboardingRow, run: KnownRun): OnboardingRow {
  return { ...row, ghlLocationId: readSubAccount(row, run), timezoneSource: readTimezoneSource(row, run) };
}

function readSubAccount({ ghlLocationId }: OnboardingRow, run: KnownRun): string | null {
  const isOwn = ghlLocationId === run.ghlLocationId && run.row['ghlLocationId'] === null;
  return isOwn ? null : ghlLocationId;
}

function readTimezoneSource(row: OnboardingRow, run: KnownRun): OnboardingRow['timezoneSource'] {
  const wasFound = row.timezone === run.row['timezone'] && run.row['timezoneSource'] === 'place';
  return wasFound ? 'place' : row.timezoneSource;
}
