import { readStoredSettings } from '../../../db/queries/read-stored-settings.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { OnboardingDeps } from './deps.ts';
import { onboardingSettingsSchema, type OnboardingSettings } from './rules/onboarding-settings.ts';

/** The brand's settings, which every run needs. */
export async function readSettings(
  deps: Pick<OnboardingDeps, 'database'>,
): Promise<Result<OnboardingSettings, ApiError>> {
  const stored = await readStoredSettings(deps.database, 'onboarding_settings');
  const parsed = onboardingSettingsSchema.safeParse(stored?.document);
  if (parsed.success) return ok(parsed.data);
  return err({
    kind: 'conflict',
    detail: stored
      ? 'The onboarding settings are of an older kind: send them again with PUT /v1/onboarding/settings.'
      : 'There are no onboarding settings yet: send them with PUT /v1/onboarding/settings.',
  });
}
