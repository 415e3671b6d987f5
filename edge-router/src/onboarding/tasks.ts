import type { OnboardingTask } from '../../../db/queries/finish-onboarding-step.ts';

// What only a person can do, in words for that person. One of its kind for each sub-account.

/** HighLevel's own page of a sub-account. */
function linkTo(ghlLocationId: string, page: string): string {
  return `https://app.gohighlevel.com/v2/location/${encodeURIComponent(ghlLocationId)}/${page}`;
}

export function installTask(ghlLocationId: string): OnboardingTask {
  return {
    kind: 'install-app',
    title: 'Install the app in the sub-account',
    reason: 'It did not come by itself, and HighLevel has no call that installs an app.',
    link: linkTo(ghlLocationId, 'integration'),
  };
}

export function twoSubAccountsTask(ids: readonly string[]): OnboardingTask {
  return {
    kind: 'two-sub-accounts',
    title: `Decide which sub-account stays: ${ids.join(' or ')}`,
    reason: 'Several were made for this location; which one people already use, only people know.',
    link: null,
  };
}

export function deleteSubAccountTask(ghlLocationId: string): OnboardingTask {
  return {
    kind: 'delete-sub-account',
    title: 'Delete the sub-account that begins with ZZ-FAILED',
    reason: 'HighLevel does not let our token delete sub-accounts.',
    link: linkTo(ghlLocationId, 'settings/company'),
  };
}

export function subAccountInUseTask(ghlLocationId: string): OnboardingTask {
  return {
    kind: 'sub-account-in-use',
    title: 'Decide what becomes of the sub-account',
    reason:
      'It was not deleted on roll back: it holds contacts that we did not make, or we could not look whether it does.',
    link: linkTo(ghlLocationId, 'contacts/smart_list/All'),
  };
}

export function loadSnapshotTask(ghlLocationId: string): OnboardingTask {
  return {
    kind: 'load-snapshot',
    title: 'Look at the snapshot’s load, and load what is missing',
    reason: 'A snapshot that is pushed a second time duplicates what the first push brought, so no machine does it.',
    link: linkTo(ghlLocationId, 'dashboard'),
  };
}

export function publishWorkflowsTask(ghlLocationId: string, names: readonly string[]): OnboardingTask {
  return {
    kind: 'publish-workflows',
    title: `Publish the workflows ${names.join(', ')}`,
    reason: 'They came as drafts, and HighLevel has no call that publishes a workflow.',
    link: linkTo(ghlLocationId, 'automation/workflows'),
  };
}

export function deleteUserTask(ghlLocationId: string): OnboardingTask {
  return {
    kind: 'delete-user',
    title: 'Delete the manager’s user, which this run had made',
    reason: 'HighLevel does not let our token delete users.',
    link: linkTo(ghlLocationId, 'settings/staff/team'),
  };
}
