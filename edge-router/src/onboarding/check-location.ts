import type { HighlevelError } from '../highlevel/rules/failure.ts';
import { ok, type Result } from '../rules/result.ts';
import type { Finding } from './rules/finding.ts';
import { compareInventory } from './rules/inventory.ts';
import type { CheckContext, Step } from './step.ts';
import { applySnapshot } from './steps/apply-snapshot.ts';
import { configureAutomations } from './steps/configure-automations.ts';
import { createRecord } from './steps/create-record.ts';
import { createSubAccount } from './steps/create-sub-account.ts';
import { setUpIntegrations } from './steps/set-up-integrations.ts';
import { readInventory, readTemplateInventory } from './template-inventory.ts';

const checkedSteps: readonly Step[] = [
  createRecord,
  createSubAccount,
  applySnapshot,
  configureAutomations,
  setUpIntegrations,
];

/**
 * Whether a location is as its row and the brand's settings want it: what each step looks at, and what the template has.
 * Changes nothing and leaves nothing; verify-setup adds a probe. Spends one call of the company's budget.
 */
export async function checkLocation(context: CheckContext): Promise<Result<readonly Finding[], HighlevelError>> {
  const findings: Finding[] = [];
  for (const step of checkedSteps) {
    const checked = await step.check(context);
    if (!checked.ok) return checked;
    findings.push(...checked.value);
  }
  const template = await readTemplateInventory(context, context.settings.templateLocationId);
  if (!template.ok) return template;
  const found = await readInventory(context, context.ghlLocationId);
  if (!found.ok) return found;
  return ok([...findings, ...compareInventory(template.value, found.value)]);
}

/** Which step puts right what a check found. */
export function stepThatRepairs(check: string): string {
  switch (check) {
    case 'record':
      return 'create-record';
    case 'sub-account':
      return 'create-sub-account';
    case 'custom-value':
      return 'configure-automations';
    case 'manager':
    case 'calendar-team':
      return 'set-up-integrations';
    default:
      // What the snapshot should have brought.
      return 'apply-snapshot';
  }
}
