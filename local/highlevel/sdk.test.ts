// HighLevel's own SDK against the sandbox, with nothing changed but the address.

import { GHLError, GHLRateLimitError, HighLevel } from '@gohighlevel/api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../qstash/testing/receiver.ts';
import { AGENCY_TOKEN, client as app, startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

const VERSION = '2021-07-28';
const EMAIL = 'sdk@otterbrook.example.com';

let sandbox: TestSandbox;
let receiver: Receiver;
let agency: HighLevel;
let companyId: string;

beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startTestSandbox();
  companyId = sandbox.brandIds.company;
  agency = point(new HighLevel({ privateIntegrationToken: AGENCY_TOKEN, apiVersion: VERSION, logLevel: 'none' }));
});
afterAll(async () => {
  await sandbox.stop();
  await receiver.stop();
});

function point(sdk: HighLevel): HighLevel {
  sdk.getHttpClient().defaults.baseURL = sandbox.url;
  return sdk;
}

async function connect(): Promise<HighLevel> {
  const { access_token: agencyAccessToken } = await sandbox.connectApp();
  return point(new HighLevel({ agencyAccessToken, apiVersion: VERSION, logLevel: 'none', ...credentials }));
}

/** As the owner of one sub-account, with a private integration token of its own. */
async function openLocation(locationId: string): Promise<HighLevel> {
  const privateIntegrationToken = await sandbox.locationToken(locationId);
  return point(new HighLevel({ privateIntegrationToken, apiVersion: VERSION, logLevel: 'none' }));
}

const credentials = { clientId: app.client_id, clientSecret: app.client_secret };

describe("HighLevel's SDK", () => {
  it('creates a sub-account with a snapshot, finds it, and follows the load', async () => {
    const created = await agency.locations.createLocation({
      name: 'Otterbrook SDK',
      companyId,
      country: 'US',
      prospectInfo: { firstName: 'S', lastName: 'K', email: EMAIL },
      snapshotId: sandbox.brandIds.snapshot,
    });
    const locationId = created.id ?? '';
    const { locations = [] } = await agency.locations.searchLocations({ companyId, email: EMAIL });
    expect(locations.map(({ id }) => id)).toEqual([locationId]);

    const { snapshots = [] } = await agency.snapshots.getCustomSnapshots({ companyId });
    expect(snapshots.map(({ id }) => id)).toEqual([sandbox.brandIds.snapshot]);
    const asked = { companyId, snapshotId: sandbox.brandIds.snapshot, locationId };
    await expect
      .poll(async () => (await agency.snapshots.getLatestSnapshotPush(asked)).data, { timeout: 5000 })
      .toMatchObject({ locationId, status: 'completed', pending: [] });

    await agency.locations.putLocation({ locationId }, { companyId, name: 'Otterbrook SDK 2' });
    expect((await agency.locations.getLocation({ locationId })).location).toMatchObject({ name: 'Otterbrook SDK 2' });
    expect((await agency.companies.getCompany({ companyId })).company).toMatchObject({ id: companyId });
  });

  it('creates a user and finds it by e-mail', async () => {
    const user = await agency.users.createUser({
      companyId,
      firstName: 'Ada',
      lastName: 'Okafor',
      email: EMAIL,
      password: 'Correct-Horse-42',
      type: 'account',
      role: 'admin',
      locationIds: [sandbox.brandIds.template],
    });
    const found = await agency.users.filterUsersByEmail({ companyId, emails: EMAIL });
    expect(found.users).toMatchObject([{ id: user.id, email: EMAIL }]);
  });

  it("exchanges the agency's token for a sub-account's and lists where the app is", async () => {
    const connected = await connect();
    const { template: locationId } = sandbox.brandIds;
    const answer = await connected.oauth.getLocationAccessToken({ companyId, locationId });
    expect(answer).toMatchObject({ locationId, expires_in: 86_399 });
    const token = answer.access_token ?? '';
    const own = point(new HighLevel({ locationAccessToken: token, apiVersion: VERSION, ...credentials }));
    expect((await own.locations.getLocation({ locationId })).location).toMatchObject({ id: locationId });
    const { locations = [] } = await connected.oauth.getInstalledLocation({ companyId, appId: sandbox.app.id });
    expect(locations).toEqual(
      expect.arrayContaining([expect.objectContaining({ _id: locationId, isInstalled: true })]),
    );
  });

  it('writes a custom value of a sub-account and reads what a snapshot has brought', async () => {
    const { template: locationId } = sandbox.brandIds;
    const sdk = await openLocation(locationId);
    const { customValues = [] } = await sdk.locations.getCustomValues({ locationId });
    const link = customValues.find(({ fieldKey }) => fieldKey === '{{ custom_values.review_link }}');
    const value = 'https://otterbrook.example.com/review/sdk';
    await sdk.locations.updateCustomValue({ locationId, id: link?.id ?? '' }, { name: 'Review Link', value });
    const read = await sdk.locations.getCustomValue({ locationId, id: link?.id ?? '' });
    expect(read.customValue).toMatchObject({ id: link?.id, value });

    const { workflows = [] } = await sdk.workflows.getWorkflow({ locationId });
    expect(workflows.map(({ name }) => name)).toContain('New Lead Welcome');
    const { pipelines = [] } = await sdk.opportunities.getPipelines({ locationId });
    expect(pipelines.map(({ name }) => name)).toContain('New Leads');
  });

  it('upserts a contact, tags it, enrols it in a workflow and finds it again', async () => {
    const { template: locationId } = sandbox.brandIds;
    const sdk = await openLocation(locationId);
    const fields = { locationId, firstName: 'Lee', email: 'lee@example.com', phone: '+16175550177' };
    const first = await sdk.contacts.upsertContact({ ...fields, tags: ['new lead'] });
    const second = await sdk.contacts.upsertContact({ ...fields, city: 'Boston' });
    expect([first.new, second.new, second.contact?.id]).toEqual([true, false, first.contact?.id]);
    const contactId = first.contact?.id ?? '';
    await sdk.contacts.addTags({ contactId }, { tags: ['booked'] });
    await sdk.contacts.createNote({ contactId }, { body: 'Routed by postal code 02110' });
    const { workflows = [] } = await sdk.workflows.getWorkflow({ locationId });
    const workflowId = workflows[0]?.id ?? '';
    const enrolled = await sdk.contacts.addContactToWorkflow({ contactId, workflowId }, {});
    expect(enrolled.succeded).toBe(true);
    const { contact } = await sdk.contacts.getContact({ contactId });
    expect(contact).toMatchObject({ id: contactId, city: 'Boston', tags: ['new lead', 'booked'] });
    const duplicate: unknown = await sdk.contacts.getDuplicateContact({ locationId, email: 'lee@example.com' });
    expect(duplicate).toMatchObject({ contact: { id: contactId } });
    await sdk.contacts.deleteContact({ contactId });
    await expect(sdk.contacts.getContact({ contactId })).rejects.toThrow('not found');
  });

  it('makes an opportunity of a contact, wins it and finds it', async () => {
    const { template: locationId } = sandbox.brandIds;
    const sdk = await openLocation(locationId);
    const upserted = await sdk.contacts.upsertContact({ locationId, email: EMAIL });
    const contactId = upserted.contact?.id ?? '';
    const { pipelines = [] } = await sdk.opportunities.getPipelines({ locationId });
    const pipelineId = pipelines[0]?.id ?? '';
    const created = await sdk.opportunities.createOpportunity({
      locationId,
      pipelineId,
      contactId,
      name: 'Leak repair',
      status: 'open',
    });
    const id = created.opportunity?.id ?? '';
    expect((await sdk.opportunities.updateOpportunityStatus({ id }, { status: 'won' })).succeded).toBe(true);
    const found = await sdk.opportunities.searchOpportunity({ locationId, contactId });
    expect(found.opportunities).toMatchObject([{ id, status: 'won' }]);
  });

  it('refreshes', async () => {
    const { refresh_token: first } = await sandbox.connectApp();
    const sdk = point(new HighLevel({ ...credentials, logLevel: 'none' }));
    const form = { ...app, grant_type: 'refresh_token', refresh_token: String(first), user_type: 'Company' };
    const refreshed = await sdk.oauth.getAccessToken(form);
    expect(refreshed).toMatchObject({ userType: 'Company', companyId });
    expect(refreshed.refresh_token).not.toBe(first);
  });

  it('reads the limits from a refusal, and the reason from another', async () => {
    await sandbox.admin('POST', 'faults', { route: 'GET /locations/search', kind: 'status', status: 429 });
    const refused = await agency.locations.searchLocations({ companyId }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(GHLRateLimitError);
    expect(refused).toMatchObject({ statusCode: 429 });
    const misspelled = { name: 'x', companyId, postcode: '02110' };
    const wrong = await agency.locations.createLocation(misspelled).catch((error: unknown) => error);
    expect(wrong).toBeInstanceOf(GHLError);
    expect(String(wrong)).toContain('property postcode should not exist');
  });

  it('accepts the signature of a webhook, and not of one that was altered', async () => {
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: receiver.url } });
    await sandbox.admin('POST', 'webhooks', {
      type: 'OutboundMessage',
      payload: { locationId: sandbox.brandIds.template },
    });
    const [delivery] = await receiver.waitFor(1);
    if (delivery === undefined) throw new Error('nothing was delivered');
    const webhookPublicKey = sandbox.webhookPublicKey;
    const sdk = new HighLevel({ ...credentials, webhookPublicKey, logLevel: 'none' });
    const verify = async (rawBody: Buffer) => {
      const request = { headers: delivery.headers, rawBody, body: JSON.parse(rawBody.toString()) as unknown };
      await sdk.webhooks.subscribe()(request, {}, () => undefined);
      return 'isSignatureValid' in request ? request.isSignatureValid : undefined;
    };
    expect(await verify(delivery.bytes)).toBe(true);
    expect(await verify(Buffer.from(delivery.body.replace('OutboundMessage', 'InboundMessage')))).toBe(false);
  });
});
