import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openContract } from '../../../local/highlevel/contract/open-contract.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import type { Result } from '../rules/result.ts';
import { createTestHighlevel, type TestHighlevel } from '../testing/test-highlevel.ts';
import { getCompany, getInstallation, listInstalledLocations } from './calls/company.ts';
import {
  createLocation,
  deleteLocation,
  getLocation,
  listTimezones,
  searchLocations,
  updateLocation,
} from './calls/locations.ts';
import { getSnapshotStatus, listSnapshots, listSnapshotStatuses } from './calls/snapshots.ts';
import { createUser, findUsersByEmail, searchUsers, updateUser } from './calls/users.ts';
import type { HighlevelCaller } from './caller.ts';
import { endpoints, type Endpoint } from './rules/endpoints.ts';
import type { HighlevelError } from './rules/failure.ts';

let database: TestDatabase;
let redis: TestRedis;
let test: TestHighlevel;
let caller: HighlevelCaller;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  test = await createTestHighlevel({ database, redis: redis.redis });
  caller = test.callerFor();
});

afterAll(async () => {
  await test.stop();
  await redis.stop();
  await database.drop();
});

function valueOf<T>(result: Result<T, HighlevelError>): T {
  if (!result.ok) throw new Error(`the call failed: ${JSON.stringify(result.error)}`);
  return result.value;
}

let made = 0;

/** A sub-account of the test's own, with a marker e-mail. */
async function createOwn(fields: { snapshotId?: string } = {}): Promise<{ id: string; email: string }> {
  const email = `ops+client-${made++}@otterbrook.example.com`;
  const prospectInfo = { firstName: 'Otterbrook', lastName: 'Operations', email };
  const created = valueOf(await createLocation(caller, { name: 'Otterbrook Test', prospectInfo, ...fields }));
  return { id: created.id, email };
}

const contract = openContract();
if (contract === null) console.log("Skipped: HighLevel's OpenAPI documents are not beside the project.");

describe.skipIf(contract === null)('the table of endpoints', () => {
  it.each(Object.entries<Endpoint>(endpoints))('has %s as it is documented', (_name, { method, path, ...endpoint }) => {
    const documented = contract?.operations.find(({ name }) => name === `${method} ${path}`);
    const version = documented?.parameters?.find(({ name }) => name === 'Version')?.schema.enum;
    expect(version).toEqual(endpoint.version === null ? undefined : [endpoint.version]);
    const taken = new Set(documented?.security?.flatMap((entry) => Object.keys(entry)));
    const schemes = {
      agency: ['Agency-Access'],
      app: ['Agency-Access', 'Agency-Access-Only'],
      location: ['Location-Access', 'bearer'],
    };
    const refused = endpoint.credentials.filter((kind) => !schemes[kind].some((scheme) => taken.has(scheme)));
    expect({ documented: documented !== undefined, refused }).toEqual({ documented: true, refused: [] });
  });
});

describe('sub-accounts', () => {
  it('are created, found by their e-mail, read with either token, changed and deleted', async () => {
    const { id, email } = await createOwn();
    expect(valueOf(await searchLocations(caller, { email }))).toMatchObject([{ id, email, name: 'Otterbrook Test' }]);
    const changed = valueOf(await updateLocation(caller, id, { name: 'Otterbrook Renamed', city: 'Salem' }));
    expect(changed).toMatchObject({ id, name: 'Otterbrook Renamed', city: 'Salem' });
    for (const spentFrom of ['company', { ghlLocationId: id }] as const) {
      const found = valueOf(await getLocation(caller, { ghlLocationId: id, spentFrom }));
      expect(found).toMatchObject({ id, name: 'Otterbrook Renamed', companyId: caller.companyId });
    }
    expect(valueOf(await listTimezones(caller, id))).toContain('America/New_York');
    expect(valueOf(await deleteLocation(caller, id))).toBe(true);
    expect(valueOf(await searchLocations(caller, { email }))).toEqual([]);
    const gone = await getLocation(caller, { ghlLocationId: id, spentFrom: 'company' });
    expect(gone).toMatchObject({ ok: false, error: { kind: 'not_found', endpoint: 'getLocation' } });
  });

  it('say which field HighLevel did not take, and the id that its support asks for', async () => {
    const refused = await createLocation(caller, { name: '' });
    expect(refused).toMatchObject({
      ok: false,
      error: {
        kind: 'invalid',
        status: 422,
        traceId: expect.any(String),
        messages: [expect.stringContaining('name')],
      },
    });
  });
});

describe('a snapshot', () => {
  it('is listed and loads', async () => {
    const [snapshot] = valueOf(await listSnapshots(caller));
    const snapshotId = snapshot?.id ?? '';
    const startedAt = new Date(Date.now() - 60_000).toISOString();
    const { id } = await createOwn({ snapshotId });
    await expect
      .poll(async () => valueOf(await getSnapshotStatus(caller, { snapshotId, ghlLocationId: id }))?.pending, {
        timeout: 10_000,
        interval: 250,
      })
      .toEqual([]);
    const to = new Date(Date.now() + 60_000).toISOString();
    const pushes = valueOf(await listSnapshotStatuses(caller, { snapshotId, from: startedAt, to }));
    expect(pushes.map(({ locationId }) => locationId)).toContain(id);
    const status = valueOf(await getSnapshotStatus(caller, { snapshotId, ghlLocationId: id }));
    expect(status?.completed).toContain('workflows');
  }, 30_000);
});

describe('users', () => {
  it('are made once found to be missing, and changed', async () => {
    const { id } = await createOwn();
    const email = `manager-${made++}@otterbrook.example.com`;
    expect(valueOf(await findUsersByEmail(caller, email))).toEqual([]);
    const spentFrom = { ghlLocationId: id };
    const user = valueOf(
      await createUser(caller, {
        spentFrom,
        firstName: 'Sam',
        lastName: 'Okafor',
        email,
        password: 'A-secret-for-once-1!',
        type: 'account',
        role: 'admin',
        locationIds: [id],
      }),
    );
    expect(valueOf(await findUsersByEmail(caller, email))).toMatchObject([
      { id: user.id, roles: { locationIds: [id] } },
    ]);
    const locationIds = [id, test.sandbox.brandIds.template];
    const changed = valueOf(await updateUser(caller, { userId: user.id, spentFrom: 'company', locationIds }));
    expect(changed.roles.locationIds).toEqual(locationIds);
    const searched = valueOf(await searchUsers(caller, { spentFrom, ghlLocationId: id }));
    expect(searched.map((found) => found.id)).toContain(user.id);
  });
});

describe('the agency', () => {
  it('tells of itself, its plan, and where the app is installed', async () => {
    const { id } = await createOwn();
    expect(valueOf(await getCompany(caller))).toMatchObject({ id: caller.companyId, name: expect.any(String) });
    expect(valueOf(await getInstallation(caller))).toMatchObject({ companyPlan: 'agency_monthly_497' });
    const installed = valueOf(await listInstalledLocations(caller, { ghlLocationId: id }));
    expect(installed).toMatchObject({ installToFutureLocations: true, locations: [{ ghlLocationId: id }] });
  });
});

describe('a call that goes wrong', () => {
  const fault = (route: string, kind: string, rest: Record<string, unknown> = {}) =>
    test.sandbox.admin('POST', 'faults', { route, kind, ...rest });

  it('is of unknown outcome when a create was done and its answer lost; the marker e-mail finds the one that is there', async () => {
    await fault('POST /locations/', 'reset-after');
    const email = `ops+lost@otterbrook.example.com`;
    const prospectInfo = { firstName: 'Otterbrook', lastName: 'Operations', email };
    const created = await createLocation(caller, { name: 'Otterbrook Lost', prospectInfo });
    expect(created).toEqual({
      ok: false,
      error: { kind: 'unknown_outcome', endpoint: 'createLocation', status: null, traceId: null },
    });
    expect(valueOf(await searchLocations(caller, { email }))).toHaveLength(1);
  });

  it.each([500, 502])('is of unknown outcome when a create is answered %i', async (status) => {
    await fault('POST /locations/', 'status', { status });
    expect(await createLocation(caller, { name: 'x' })).toMatchObject({ error: { kind: 'unknown_outcome', status } });
  });

  it('is sent again when it only reads, and is unavailable when that does not help', async () => {
    await fault('GET /locations/search', 'reset-before', { count: 2 });
    expect(await searchLocations(caller, { email: 'nobody@example.com' })).toEqual({ ok: true, value: [] });
    await fault('GET /locations/search', 'status', { status: 502, count: 3 });
    expect(await searchLocations(caller, { email: 'nobody@example.com' })).toMatchObject({
      error: { kind: 'unavailable', status: 502 },
    });
  });

  it('waits for its turn once more when HighLevel says 429, also when it writes', async () => {
    await test.sandbox.admin('PATCH', 'settings', { rateLimits: { intervalMs: 400 } });
    await getCompany(caller);
    await fault('POST /locations/', 'status', { status: 429 });
    expect(await createLocation(caller, { name: 'Otterbrook Patient' })).toMatchObject({ ok: true });
    await fault('POST /locations/', 'status', { status: 429, count: 2 });
    expect(await createLocation(caller, { name: 'x' })).toMatchObject({
      error: { kind: 'rate_limited', saidBy: 'highlevel', retryAfterMs: expect.any(Number) },
    });
    await test.sandbox.admin('PATCH', 'settings', { rateLimits: { intervalMs: 10_000 } });
  });

  it('names the field of an answer that is not as documented', async () => {
    const answerStrangely = () => Promise.resolve(Response.json({ locations: [{ id: 7 }], traceId: 't-1' }));
    const { highlevel } = await test.startAnother({ fetch: answerStrangely });
    const found = await searchLocations(highlevel.callerFor({ share: 'interactive', row: 'x' }), {});
    expect(found).toEqual({
      ok: false,
      error: {
        kind: 'unexpected_answer',
        endpoint: 'searchLocations',
        status: 200,
        traceId: 't-1',
        path: 'locations.0.id',
      },
    });
  });

  it('never follows a redirect, which would take the token elsewhere', async () => {
    const asked: string[] = [];
    const redirecting = (url: string): Promise<Response> => {
      asked.push(url);
      return Promise.resolve(new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }));
    };
    const { highlevel } = await test.startAnother({ fetch: redirecting });
    const created = await createLocation(highlevel.callerFor({ share: 'interactive', row: 'x' }), { name: 'x' });
    expect(created).toMatchObject({ error: { kind: 'unknown_outcome', status: 302 } });
    expect(asked).toHaveLength(1);
  });

  it('with a path part that would lead elsewhere is not sent', async () => {
    const sent = getLocation(caller, { ghlLocationId: '..', spentFrom: 'company' });
    await expect(sent).rejects.toThrow('needs locationId');
  });

  it('is logged with what finds it again, and without what was sent, answered or carried', async () => {
    const logged = test.router.logged.join('\n');
    expect(logged).toContain('"endpoint":"createLocation","kind":"unknown_outcome"');
    expect(logged).not.toContain(test.config.agencyToken);
    expect(logged).not.toContain('example.com');
    expect(logged).not.toContain('Bearer');
  });
});
