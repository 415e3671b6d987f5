import type { TestSandbox } from '../../../../local/highlevel/testing/test-sandbox.ts';
import type { OnboardingRow } from '../rules/onboarding-row.ts';

/** The settings of the sandbox's brand. */
export function otterbrookSettings({ brandIds }: Pick<TestSandbox, 'brandIds'>, given: Record<string, unknown> = {}) {
  return {
    brandName: 'Otterbrook Plumbing',
    markerEmail: { mailbox: 'ops', domain: 'otterbrook.example.com' },
    snapshotId: brandIds.snapshot,
    templateLocationId: brandIds.template,
    customValues: {
      location_name: '{name}',
      location_phone: '{phone}',
      location_address: '{fullAddress}',
      lead_webhook_url: '{leadWebhookUrl}',
      lead_webhook_secret: '{leadWebhookSecret}',
    },
    calendar: { name: 'Estimate Visit' },
    pipelineName: 'New Leads',
    welcomeWorkflowName: 'New Lead Welcome',
    ...given,
  };
}

let rows = 0;

/** A row of the brand as people type it, with a franchise code that no other test has. */
export function sheetRow(given: Record<string, unknown> = {}): Record<string, unknown> {
  const number = String(++rows).padStart(3, '0');
  return {
    'Location Name': `Otterbrook Plumbing ${number}`,
    Address: `${number} Harbor Street`,
    City: 'Birmingham',
    State: 'AL',
    'Zip Code': '35233',
    Phone: '(205) 555-0100',
    Email: 'birmingham@example.com',
    Website: 'https://otterbrook.example.com/birmingham',
    Timezone: 'America/Chicago',
    'Capacity Limit': '20',
    Region: 'South',
    'Franchise Code': `TST-${process.pid}-${number}`,
    'Manager Name': 'Avery Okonkwo',
    'Manager Email': `avery.${number}@example.com`,
    ...given,
  };
}

export function planRow(given: Partial<OnboardingRow> = {}): OnboardingRow {
  return {
    rowKey: 'obp-001',
    name: 'Otterbrook Plumbing Birmingham',
    franchiseCode: 'OBP-001',
    address: '100 Harbor Street',
    city: 'Birmingham',
    state: 'AL',
    postalCode: '35233',
    country: 'US',
    geoRegion: 'south',
    coordinates: { lng: -86.8, lat: 33.5 },
    geoConfidence: 'zip',
    phone: '+12055550100',
    email: 'birmingham@example.com',
    website: null,
    timezone: 'America/Chicago',
    timezoneSource: 'given',
    dailyCap: 20,
    region: 'South',
    openingDate: null,
    managerName: 'Avery Okonkwo',
    managerEmail: 'avery.okonkwo@example.com',
    services: [],
    ghlLocationId: null,
    hours: null,
    holidays: null,
    conversionRate: null,
    ...given,
  };
}
