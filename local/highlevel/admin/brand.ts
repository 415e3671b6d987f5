// The brand that a new sandbox holds: an agency account, its template sub-account, and the snapshot taken from it.

import { deriveId } from '../identifiers.ts';

export const brandIds = {
  company: deriveId('company'),
  owner: deriveId('owner'),
  template: deriveId('template'),
  snapshot: deriveId('snapshot'),
} as const;

export const company = {
  id: brandIds.company,
  name: 'Otterbrook Plumbing Franchising',
  email: 'franchising@otterbrook.example.com',
  phone: '+16175550199',
  website: 'https://otterbrook.example.com',
  timezone: 'America/New_York',
  ownerId: brandIds.owner,
  hasApp: true,
} as const;

export const template = {
  id: brandIds.template,
  companyId: brandIds.company,
  name: 'Otterbrook Plumbing Template',
  email: 'template@otterbrook.example.com',
  phone: '+16175550100',
  address: '1 Mill Race',
  city: 'Boston',
  state: 'MA',
  country: 'US',
  postalCode: '02110',
  website: 'https://otterbrook.example.com',
  timezone: 'America/New_York',
} as const;

/** What the workflows, mails and pages of the template refer to, and what stands there in the template itself. */
export const customValues = {
  'Location Name': 'Otterbrook Plumbing Template',
  'Location Phone': '+16175550100',
  'Location Email': 'template@otterbrook.example.com',
  'Location Address': '1 Mill Race, Boston, MA 02110',
  'Location City': 'Boston',
  'Location State': 'MA',
  'Location Postal Code': '02110',
  'Location Website': 'https://otterbrook.example.com',
  'Location Timezone': 'America/New_York',
  'Opening Hours': 'Mon-Fri 7:00-18:00',
  'Manager Name': 'Morgan Adeyemi',
  'Manager Email': 'morgan.adeyemi@otterbrook.example.com',
  'Franchise Code': 'OBP-000',
  'Booking Link': 'https://otterbrook.example.com/book',
  'Review Link': 'https://otterbrook.example.com/review',
  'Lead Webhook Url': 'https://example.com/leads',
  'Lead Webhook Secret': 'template',
} as const;

export const snapshotParts = {
  custom_fields: [
    { name: 'Service Needed', dataType: 'SINGLE_OPTIONS' },
    { name: 'Preferred Time', dataType: 'TEXT' },
    { name: 'Lead Source Detail', dataType: 'TEXT' },
    { name: 'Routed By', dataType: 'TEXT' },
    { name: 'Job Value', dataType: 'MONETORY', model: 'opportunity' },
  ],
  custom_values: Object.keys(customValues).map((name) => ({ name })),
  tags: ['new lead', 'booked', 'estimate sent', 'won', 'lost', 'review asked'].map((name) => ({ name })),
  pipelines: [
    { name: 'New Leads', stages: ['New', 'Contacted', 'Booked', 'Estimate Sent', 'Won', 'Lost'] },
    { name: 'Maintenance Plans', stages: ['Offered', 'Signed', 'Renewal Due'] },
  ],
  calendars: [
    { name: 'Estimate Visit', description: 'A visit to look at the job', slotDuration: 60 },
    { name: 'Phone Call', description: 'Fifteen minutes on the phone', slotDuration: 15 },
  ],
  workflows: [
    { name: 'New Lead Welcome', status: 'published', startTag: 'new lead' },
    { name: 'Missed Call Text Back', status: 'published' },
    { name: 'Appointment Reminder', status: 'published' },
    { name: 'Estimate Follow Up', status: 'published' },
    { name: 'Review Request', status: 'published' },
    { name: 'Seasonal Campaign', status: 'draft' },
  ],
} as const;
