import { watchExchanges } from '../contract/watch-exchanges.ts';
import { app } from '../modules/app-installations.ts';
import { startSandbox } from '../server.ts';
import { createSigningKey } from '../webhooks/signing.ts';

export const AGENCY_TOKEN = 'pit-00000000-test-agency';
const CLIENT_ID = `${app.id}-test`;
const CLIENT_SECRET = 'test-client-secret';

/** A snapshot loads in 60 ms, the app is installed at once; one real second is 1,000 of HighLevel's. */
const FAST = { timeScale: 1000, app: { installDelayMs: 0 } };

const WATCHED_WEBHOOKS = 1000;

type Options = Partial<Omit<Parameters<typeof startSandbox>[0], 'credentials'>>;
type CallOptions = { readonly token?: string; readonly body?: unknown; readonly headers?: Record<string, string> };
type Called = { readonly status: number; readonly json: Json; readonly headers: Headers };
/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export type TestSandbox = Awaited<ReturnType<typeof startTestSandbox>>;

/** A sandbox in this process, in memory and fast unless told otherwise, with a plain client for each of its sides. */
export async function startTestSandbox(options: Options = {}) {
  const signingKey = createSigningKey();
  const credentials = { agencyToken: AGENCY_TOKEN, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, signingKey };
  const { onExchange, watchWebhooks, listProblems } = watchExchanges();
  const defaults = { port: 0, file: ':memory:', settings: FAST, onExchange };
  const sandbox = await startSandbox({ ...defaults, ...options, credentials });
  const { url, brandIds } = sandbox;

  /** An API call with the version its module wants; with the agency's token unless another is given. */
  async function call(method: string, path: string, { token = AGENCY_TOKEN, body, headers }: CallOptions = {}) {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        version: path.startsWith('/calendars') ? '2021-04-15' : '2021-07-28',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return readAnswer(response);
  }

  /** An OAuth call, whose body is a form. */
  async function callForm(path: string, form: Record<string, string>, token = ''): Promise<Called> {
    const headers = { authorization: `Bearer ${token}`, version: '2021-07-28' };
    return readAnswer(await fetch(`${url}${path}`, { method: 'POST', headers, body: new URLSearchParams(form) }));
  }

  /** One of the sandbox's own pages; throws when it refuses. */
  async function admin(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await fetch(`${url}/__sandbox/${path}`, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const json: Json = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(json)}`);
    return json;
  }

  async function createLocation(fields: Record<string, unknown> = {}): Promise<string> {
    const body = { name: 'A test location', companyId: brandIds.company, ...fields };
    const { status, json } = await call('POST', '/locations/', { body });
    if (status !== 200) throw new Error(`the sub-account was not created: ${status}`);
    return String(json.id);
  }

  /** A token for one sub-account: the template unless another is named. */
  async function locationToken(locationId: string = brandIds.template, scopes?: readonly string[]): Promise<string> {
    const { token } = await admin('POST', 'tokens', { locationId, scopes });
    return String(token);
  }

  /** The agency's OAuth token, with its refresh token, as the app gets them when an admin lets it in. */
  async function connectApp({ future = true } = {}): Promise<Json> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: 'http://127.0.0.1/callback',
      scope: 'oauth.readonly oauth.write',
      state: 'test-state',
    });
    const body = new URLSearchParams(future ? { future: 'yes' } : {});
    const approved = await fetch(`${url}/v2/oauth/chooselocation?${query.toString()}`, {
      method: 'POST',
      body,
      redirect: 'manual',
    });
    const target = new URL(approved.headers.get('location') ?? '');
    const code = target.searchParams.get('code') ?? '';
    const { json } = await callForm('/oauth/token', { ...client, grant_type: 'authorization_code', code });
    return json;
  }

  /** Throws when a request, an answer or a webhook was not as HighLevel's documents have it. */
  async function stop(): Promise<void> {
    const { webhooks } = await admin('GET', `webhooks?limit=${WATCHED_WEBHOOKS}`);
    watchWebhooks(webhooks.map(({ body }: { body: string }) => body));
    await sandbox.stop();
    const problems = listProblems();
    if (problems.length > 0) throw new Error(`not as documented:\n${problems.join('\n')}`);
  }

  return { ...sandbox, stop, call, callForm, admin, createLocation, locationToken, connectApp };
}

/** How the app names itself to `/oauth/token`. */
export const client = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET };

async function readAnswer(response: Response): Promise<Called> {
  return { status: response.status, json: (await response.json()) as Json, headers: response.headers };
}
