import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

let sandbox: TestSandbox;
let companyId: string;
let nowMs = Date.parse('2026-05-01T12:00:00Z');

beforeAll(async () => {
  sandbox = await startTestSandbox({ nowMs: () => nowMs });
  companyId = sandbox.brandIds.company;
});
afterAll(() => sandbox.stop());

function refresh(token: string) {
  return sandbox.callForm('/oauth/token', { ...client, grant_type: 'refresh_token', refresh_token: token });
}

describe('the authorise page', () => {
  it('shows what is asked for and sends the code back with the state', async () => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: 'http://127.0.0.1/callback',
      scope: 'oauth.readonly contacts.write',
      state: 's1',
    });
    const page = await fetch(`${sandbox.url}/v2/oauth/chooselocation?${query.toString()}`);
    expect(await page.text()).toContain('contacts.write');
    const url = `${sandbox.url}/v2/oauth/chooselocation?${query.toString()}`;
    const approved = await fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams() });
    const target = new URL(approved.headers.get('location') ?? '');
    expect([approved.status, target.searchParams.get('state')]).toEqual([302, 's1']);
  });

  it('refuses an app that it does not know', async () => {
    const page = await fetch(`${sandbox.url}/v2/oauth/chooselocation?client_id=other&response_type=code`);
    expect(page.status).toBe(400);
  });
});

describe('tokens', () => {
  it('a code opens once', async () => {
    const tokens = await sandbox.connectApp();
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      expires_in: 86_399,
      userType: 'Company',
      companyId,
      isBulkInstallation: true,
      installToFutureLocations: true,
    });
    const again = await sandbox.callForm('/oauth/token', { ...client, grant_type: 'authorization_code', code: 'used' });
    expect(again.status).toBe(400);
  });

  it('a refresh token opens once; within 30 seconds it answers the same successor', async () => {
    const first = await sandbox.connectApp();
    const second = await refresh(first.refresh_token);
    expect(second.json.refresh_token).not.toBe(first.refresh_token);
    nowMs += 29_999;
    const { traceId: _, ...repeated } = (await refresh(first.refresh_token)).json;
    expect(second.json).toMatchObject(repeated);
    nowMs += 1;
    expect((await refresh(first.refresh_token)).status).toBe(400);
    expect((await refresh(second.json.refresh_token)).status).toBe(200);
  });

  it('an access token ends after its lifetime', async () => {
    const { access_token: token } = await sandbox.connectApp();
    nowMs += 86_398_000;
    expect((await sandbox.call('GET', '/locations/search', { token })).status).toBe(200);
    nowMs += 1000;
    expect((await sandbox.call('GET', '/locations/search', { token })).status).toBe(401);
  });

  it('a wrong secret is refused', async () => {
    const form = { ...client, client_secret: 'wrong', grant_type: 'refresh_token', refresh_token: 'x' };
    expect((await sandbox.callForm('/oauth/token', form)).status).toBe(401);
  });
});

describe('a sub-account and the app', () => {
  it("the agency's OAuth token is exchanged for the sub-account's where the app is installed", async () => {
    const { access_token: token } = await sandbox.connectApp();
    const locationId = await sandbox.createLocation();
    const { status, json } = await sandbox.callForm('/oauth/locationToken', { companyId, locationId }, token);
    expect([status, json]).toMatchObject([200, { locationId, expires_in: 86_399, userType: 'Location' }]);
    const read = await sandbox.call('GET', `/locations/${locationId}`, { token: json.access_token });
    expect(read.status).toBe(200);
  });

  it('the private integration token is not exchanged', async () => {
    const { status } = await sandbox.callForm(
      '/oauth/locationToken',
      { companyId, locationId: sandbox.brandIds.template },
      'pit-00000000-test-agency',
    );
    expect(status).toBe(401);
  });

  it('without the choice for future sub-accounts a new one lacks the app', async () => {
    const { access_token: token } = await sandbox.connectApp({ future: false });
    const locationId = await sandbox.createLocation({ name: 'Left out' });
    expect((await sandbox.callForm('/oauth/locationToken', { companyId, locationId }, token)).status).toBe(400);
    const query = `companyId=${companyId}&appId=${sandbox.app.id}&isInstalled=false`;
    const { json } = await sandbox.call('GET', `/oauth/installedLocations?${query}`, { token });
    expect(json).toMatchObject({ installToFutureLocations: false, count: 1, locations: [{ _id: locationId }] });
  });

  it('the installer is told with the plan, and uninstalling revokes the tokens', async () => {
    const { access_token: token, refresh_token: refreshToken } = await sandbox.connectApp();
    const path = `/marketplace/app/${sandbox.app.id}/installations`;
    const { json } = await sandbox.call('GET', path, { token });
    expect(json.installationDetails).toMatchObject({ companyId, companyPlan: 'agency_monthly_497' });
    expect((await sandbox.call('DELETE', path, { token, body: {} })).json.success).toBe(true);
    expect((await sandbox.call('GET', path, { token })).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(400);
    const { webhooks } = await sandbox.admin('GET', 'webhooks');
    expect(JSON.parse(webhooks[0].body)).toMatchObject({ type: 'UNINSTALL', companyId, appId: sandbox.app.id });
  });
});
