import type { OnboardingRow } from './onboarding-row.ts';

export interface LocationFacts {
  readonly locationId: string;
  readonly ghlLocationId: string;
  /** Where workflows of this sub-account send their leads, and the secret they send along. */
  readonly leadWebhookUrl: string;
  readonly leadWebhookSecret: string;
}

type TemplateFields = Readonly<Record<string, (row: OnboardingRow, facts: LocationFacts) => string | null>>;

/** What `{…}` in a brand's templates may name. */
const fields = {
  name: (row) => row.name,
  franchiseCode: (row) => row.franchiseCode,
  address: (row) => row.address,
  city: (row) => row.city,
  state: (row) => row.state,
  postalCode: (row) => row.postalCode,
  country: (row) => row.country,
  fullAddress: (row) => `${row.address}, ${row.city}, ${row.state} ${row.postalCode}`,
  phone: (row) => row.phone,
  email: (row) => row.email,
  website: (row) => row.website,
  timezone: (row) => row.timezone,
  region: (row) => row.region,
  openingDate: (row) => row.openingDate,
  managerName: (row) => row.managerName,
  managerEmail: (row) => row.managerEmail,
  locationId: (_row, facts) => facts.locationId,
  ghlLocationId: (_row, facts) => facts.ghlLocationId,
  leadWebhookUrl: (_row, facts) => facts.leadWebhookUrl,
  leadWebhookSecret: (_row, facts) => facts.leadWebhookSecret,
} as const satisfies TemplateFields;

const PLACEHOLDER = /\{(\w+)\}/g;
const SECRET_FIELD = '{leadWebhookSecret}';

function isField(name: string): name is keyof typeof fields {
  return Object.hasOwn(fields, name);
}

/** The names in a template that mean nothing. */
export function findUnknownPlaceholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name).filter((name) => !isField(name));
}

/** A template with the location's own data; what the location has not is left out. */
export function fillTemplate(template: string, row: OnboardingRow, facts: LocationFacts): string {
  return template.replaceAll(PLACEHOLDER, (placeholder, name: string) =>
    isField(name) ? (fields[name](row, facts) ?? '') : placeholder,
  );
}

/** Whether what a template becomes may not be shown or stored. */
export function isSecretTemplate(template: string): boolean {
  return template.includes(SECRET_FIELD);
}

/** HighLevel writes a key as `{{ custom_values.location_phone }}`; this is its last part. */
export function toCustomValueKey(fieldKey: string): string {
  return fieldKey
    .replaceAll(/[{}\s]/g, '')
    .replace(/^custom_values\./, '')
    .toLowerCase();
}

/** The name from which HighLevel makes this key: `location_phone` is 'Location Phone'. */
export function toCustomValueName(key: string): string {
  return key
    .split('_')
    .filter((word) => word !== '')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}

export interface StoredCustomValue {
  readonly id: string;
  readonly name: string;
  readonly fieldKey: string;
  readonly value: string;
}

export interface CustomValueChange {
  readonly key: string;
  readonly value: string;
  /** Null: the sub-account has no such custom value yet. */
  readonly stored: StoredCustomValue | null;
}

/** What has to be written so that a sub-account has the wanted values, by key; those that are right are left alone. */
export function compareCustomValues(
  wanted: Readonly<Record<string, string>>,
  stored: readonly StoredCustomValue[],
): CustomValueChange[] {
  const byKey = new Map(stored.map((value) => [toCustomValueKey(value.fieldKey), value]));
  return Object.entries(wanted).flatMap(([key, value]) => {
    const found = byKey.get(key) ?? null;
    // Nothing to say and nothing there: that is no difference.
    const isRight = (found?.value ?? '') === value;
    return isRight ? [] : [{ key, value, stored: found }];
  });
}
