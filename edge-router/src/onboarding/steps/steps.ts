import type { StepName } from '../rules/steps.ts';
import type { Step } from '../step.ts';
import { activate } from './activate.ts';
import { applySnapshot } from './apply-snapshot.ts';
import { configureAutomations } from './configure-automations.ts';
import { createRecord } from './create-record.ts';
import { createSubAccount } from './create-sub-account.ts';
import { setUpIntegrations } from './set-up-integrations.ts';
import { verifySetup } from './verify-setup.ts';

/** What each step is. */
export const steps: Readonly<Record<StepName, Step>> = {
  'create-record': createRecord,
  'create-sub-account': createSubAccount,
  'apply-snapshot': applySnapshot,
  'configure-automations': configureAutomations,
  'set-up-integrations': setUpIntegrations,
  'verify-setup': verifySetup,
  activate,
};
