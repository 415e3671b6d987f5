// The brand before its first lead: the app let in, locations with sub-accounts and daily caps, and its own sub-account.
import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import * as z from 'zod';
import { csvOf, testRow } from '../edge-router/src/testing/test-rows.ts';
import { connectHighlevel } from '../local/stack/connect-highlevel.ts';
import type { SandboxClient } from './sandbox-client.ts';

/** All near each other, so that whom one cannot take another can. */
const zips = ['02134', '02135', '02139', '02140', '02116', '02118', '02130', '02143', '02445', '02472'];
const LOCATIONS = 20;
const TIMEOUT_MS = 20_000;

export interface Brand {
  readonly apiKey: string;
  readonly master: { readonly locationId: string; readonly token: string };
  readonly zips: readonly string[];
}

export async function prepareBrand(
  { edgeUrl, pool, sandbox }: { edgeUrl: string; pool: pg.Pool; sandbox: SandboxClient },
  /** Of all locations together on one day. */
  seats: number,
): Promise<Brand> {
  const apiKey = `swy_${randomBytes(24).toString('base64url')}`;
  const hash = createHash('sha256').update(apiKey).digest();
  await pool.query(`insert into api_keys (name, key_hash, scopes) values ('soak', $1, '{*}')`, [hash]);
  await connectHighlevel({ edge: edgeUrl, apiKey });
  const send = createSender({ edgeUrl, apiKey });
  const [masterId = '', ...subAccounts] = await sandbox.seedLocations(LOCATIONS + 1);
  const cap = String(Math.ceil(seats / LOCATIONS));
  const rows = subAccounts.map((_, index) =>
    testRow({ 'Franchise Code': `S${index}`, 'Capacity Limit': cap, 'Zip Code': zips[index % zips.length] ?? '' }),
  );
  await send('POST', '/v1/locations/import', { type: 'text/csv', text: csvOf(rows) });
  const { items } = listSchema.parse(await send('GET', '/v1/locations?limit=100'));
  for (const [index, { id }] of items.entries()) {
    await send('PATCH', `/v1/locations/${id}`, json({ ghlLocationId: subAccounts[index] }));
  }
  await send('PUT', '/v1/settings/leads', json({ master: { ghlLocationId: masterId } }));
  return { apiKey, master: { locationId: masterId, token: await sandbox.issueLocationToken(masterId) }, zips };
}

const listSchema = z.object({ items: z.array(z.object({ id: z.string() })).length(LOCATIONS) });

interface Body {
  readonly type: string;
  readonly text: string;
}

function json(value: unknown): Body {
  return { type: 'application/json', text: JSON.stringify(value) };
}

function createSender({ edgeUrl, apiKey }: { edgeUrl: string; apiKey: string }) {
  return async (method: string, path: string, body?: Body): Promise<unknown> => {
    const answer = await fetch(`${edgeUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...(body ? { 'content-type': body.type } : {}) },
      body: body?.text ?? null,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as unknown;
  };
}
