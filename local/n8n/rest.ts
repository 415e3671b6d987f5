// n8n's own editor API, as far as a stack that sets itself up needs it. It is not documented: it is that of the version in
// program/package.json, and its answers are checked.
import * as z from 'zod';

const TIMEOUT_MS = 30_000;

export interface N8nSession {
  readonly send: <S extends z.ZodType>(request: N8nRequest, schema: S) => Promise<z.output<S>>;
}

export interface N8nRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Under `/rest`. */
  readonly path: string;
  readonly body?: unknown;
}

/** Makes the owner on a new n8n. False where there is one. */
export async function createOwner(baseUrl: string, owner: { email: string; password: string }): Promise<boolean> {
  const body = { ...owner, firstName: 'Ops', lastName: 'Switchyard' };
  const answer = await post(baseUrl, '/rest/owner/setup', body);
  if (answer.ok) return true;
  const text = await answer.text();
  if (answer.status === 400 && /already/i.test(text)) return false;
  throw new Error(`n8n made no owner (${answer.status}): ${text.slice(0, 300)}`);
}

/** Logs in; throws when the password was changed since. */
export async function logIn(baseUrl: string, owner: { email: string; password: string }): Promise<N8nSession> {
  const credentials = { emailOrLdapLoginId: owner.email, password: owner.password };
  const answer = await post(baseUrl, '/rest/login', credentials);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  if (!answer.ok || cookie === '') {
    throw new Error(`n8n does not take the owner's password (${answer.status}): npm run reset sets it up anew.`);
  }
  return { send: (request, schema) => send({ baseUrl, cookie }, request, schema) };
}

function post(baseUrl: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

async function send<S extends z.ZodType>(
  { baseUrl, cookie }: { baseUrl: string; cookie: string },
  { method, path, body }: N8nRequest,
  schema: S,
): Promise<z.output<S>> {
  const answer = await fetch(`${baseUrl}/rest${path}`, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`n8n answered ${answer.status} to ${method} /rest${path}: ${text.slice(0, 300)}`);
  const { data } = z.object({ data: z.unknown() }).parse(JSON.parse(text));
  return schema.parse(data);
}
