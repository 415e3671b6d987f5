import { parseEmail } from '../../rules/email.ts';
import { toServiceToken } from '../../rules/service-token.ts';

/** What an e-mail rule may name; each is put in as lower-case words joined by dashes. */
export interface EmailRuleFields {
  readonly franchiseCode: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** The e-mail that a rule such as `{franchiseCode}@brand.example` gives to a row without one; null where it gives none. */
export function fillEmail(rule: string, fields: EmailRuleFields): string | null {
  const filled = rule.replaceAll(PLACEHOLDER, (placeholder, field: string) => {
    const value = Object.hasOwn(fields, field) ? fields[field as keyof EmailRuleFields] : null;
    return value === null ? placeholder : (toServiceToken(value) ?? '');
  });
  return /[{}]/.test(filled) ? null : parseEmail(filled);
}

/** Whether a rule makes e-mails at all, and names nothing that is not known. */
export function isEmailRule(rule: string): boolean {
  return fillEmail(rule, { franchiseCode: 'A-1', name: 'Name', city: 'City', state: 'MA' }) !== null;
}
