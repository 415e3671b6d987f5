import { brandIds } from '../highlevel/admin/brand.ts';

/** What the examples' brand has decided for all its locations: `PUT /v1/onboarding/settings`. */
export const exampleSettings = {
  brandName: 'Otterbrook Plumbing',
  markerEmail: { mailbox: 'locations', domain: 'otterbrook.example.com' },
  snapshotId: brandIds.snapshot,
  templateLocationId: brandIds.template,
  customValues: {
    location_name: '{name}',
    location_phone: '{phone}',
    location_email: '{email}',
    location_address: '{fullAddress}',
    location_city: '{city}',
    location_state: '{state}',
    location_postal_code: '{postalCode}',
    location_website: '{website}',
    location_timezone: '{timezone}',
    manager_name: '{managerName}',
    manager_email: '{managerEmail}',
    franchise_code: '{franchiseCode}',
    lead_webhook_url: '{leadWebhookUrl}',
    lead_webhook_secret: '{leadWebhookSecret}',
  },
  calendar: { name: 'Estimate Visit' },
  pipelineName: 'New Leads',
  welcomeWorkflowName: 'New Lead Welcome',
  personTasks: [
    {
      kind: 'connect-calendar',
      title: 'Connect the manager’s Google or Outlook calendar',
      reason: 'Only the calendar’s owner can consent to it.',
      link: 'https://app.gohighlevel.com/v2/location/{ghlLocationId}/settings/calendars/connections',
    },
    {
      kind: 'register-a2p',
      title: 'Register the location’s number for text messages (A2P 10DLC)',
      reason: 'Carriers want the legal business from the brand itself; no API of HighLevel takes it.',
      link: 'https://app.gohighlevel.com/v2/location/{ghlLocationId}/settings/phone_number',
    },
  ],
  activateWithOpenTasks: true,
};
