import type { OnboardingRow } from './onboarding-row.ts';

/** What a sub-account has of a location's row. */
export interface SubAccountFields {
  readonly name: string;
  readonly phone?: string;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly country: string;
  readonly postalCode: string;
  readonly website?: string;
  readonly timezone: string;
}

export function toSubAccountFields(row: OnboardingRow): SubAccountFields {
  const { name, phone, address, city, state, country, postalCode, website, timezone } = row;
  return {
    name,
    address,
    city,
    state,
    country,
    postalCode,
    timezone,
    ...(phone === null ? {} : { phone }),
    ...(website === null ? {} : { website }),
  };
}

/** The wanted fields that a sub-account has not. What the row does not have stays as it is. */
export function compareSubAccount(
  wanted: SubAccountFields,
  stored: Readonly<Partial<Record<keyof SubAccountFields, string | null>>>,
): Partial<SubAccountFields> {
  const differing = Object.entries(wanted).filter(([field, value]) => {
    const now = stored[field as keyof SubAccountFields] ?? '';
    return toComparable(field, now) !== toComparable(field, value);
  });
  return Object.fromEntries(differing);
}

/** HighLevel may write a phone number with spaces, and a web address with a slash at its end. */
function toComparable(field: string, value: string): string {
  if (field === 'phone') return value.replaceAll(/[^\d+]/g, '');
  if (field === 'website') return value.replace(/\/$/, '').toLowerCase();
  return value.trim();
}
