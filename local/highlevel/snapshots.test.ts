import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

const MINUTE_MS = 60_000;

let sandbox: TestSandbox;
let companyId: string;
let snapshotId: string;
let nowMs = 0;

beforeEach(async () => {
  nowMs = Date.parse('2026-05-01T12:00:00Z');
  sandbox = await startTestSandbox({ nowMs: () => nowMs, settings: {} });
  ({ company: companyId, snapshot: snapshotId } = sandbox.brandIds);
});
afterEach(() => sandbox.stop());

async function readLoad(locationId: string) {
  const path = `/snapshots/snapshot-status/${snapshotId}/location/${locationId}?companyId=${companyId}`;
  return sandbox.call('GET', path);
}

async function countAssets(locationId: string): Promise<Record<string, number>> {
  const all = (await sandbox.admin('GET', 'export')) as Record<string, { locationId?: string }[]>;
  const kinds = ['custom_values', 'custom_fields', 'tags', 'pipelines', 'calendars', 'workflows'];
  return Object.fromEntries(
    kinds.map((kind) => [kind, (all[kind] ?? []).filter((item) => item.locationId === locationId).length]),
  );
}

describe('a snapshot', () => {
  it('is listed', async () => {
    const { json } = await sandbox.call('GET', `/snapshots/?companyId=${companyId}`);
    expect(json.snapshots).toEqual([{ id: snapshotId, name: 'Otterbrook Franchise Location', type: 'own' }]);
  });

  it('loads part by part over a minute into a sub-account that was created with it', async () => {
    const locationId = await sandbox.createLocation({ snapshotId });
    expect((await readLoad(locationId)).status).toBe(400);
    nowMs += MINUTE_MS / 2;
    const half = (await readLoad(locationId)).json.data;
    expect(half).toMatchObject({ locationId, status: 'processing' });
    expect([half.completed.length, half.pending.length]).toEqual([3, 3]);
    nowMs += MINUTE_MS / 2;
    expect((await readLoad(locationId)).json.data).toMatchObject({ status: 'completed', pending: [] });
    expect(await countAssets(locationId)).toEqual(await countAssets(sandbox.brandIds.template));
  });

  it('brings the keys of custom values without their values', async () => {
    const locationId = await sandbox.createLocation({ snapshotId });
    nowMs += MINUTE_MS;
    await readLoad(locationId);
    const { custom_values: all } = (await sandbox.admin('GET', 'export')) as {
      custom_values: { locationId: string; value: string; id: string; fieldKey: string }[];
    };
    const own = all.filter((one) => one.locationId === locationId);
    const ofTemplate = all.filter((one) => one.locationId === sandbox.brandIds.template);
    expect(own.map(({ fieldKey }) => fieldKey)).toEqual(ofTemplate.map(({ fieldKey }) => fieldKey));
    expect(new Set(own.map(({ value }) => value))).toEqual(new Set(['']));
    expect(ofTemplate.every(({ value }) => value !== '')).toBe(true);
    expect(own.some(({ id }) => ofTemplate.some((one) => one.id === id))).toBe(false);
  });

  it('comes to a hundred sub-accounts in ten minutes', async () => {
    await sandbox.admin('PATCH', 'settings', { rateLimits: { enabled: false } });
    for (let n = 0; n < 150; n++) await sandbox.createLocation({ snapshotId });
    const from = new Date(nowMs - 1).toISOString();
    const to = new Date(nowMs + 1).toISOString();
    const query = `companyId=${companyId}&from=${from}&to=${to}&limit=100`;
    nowMs += 10 * MINUTE_MS;
    const path = `/snapshots/snapshot-status/${snapshotId}?${query}`;
    const first = (await sandbox.call('GET', `${path}&lastDoc=`)).json.data;
    const rest = (await sandbox.call('GET', `${path}&lastDoc=${first.at(-1).id}`)).json.data;
    const statuses = [...first, ...rest].map(({ status }: { status: string }) => status);
    const completed = statuses.filter((status) => status === 'completed').length;
    // The template's own load is one of the list.
    expect([statuses.length, completed > 90 && completed < 105]).toEqual([151, true]);
    nowMs += 10 * MINUTE_MS;
    const later = (await sandbox.call('GET', `${path}&lastDoc=${first.at(-1).id}`)).json.data;
    expect(later.every(({ status }: { status: string }) => status === 'completed')).toBe(true);
  });

  it('applied again without override duplicates its assets, but no custom value, field or tag', async () => {
    const locationId = await sandbox.createLocation({ snapshotId });
    nowMs += MINUTE_MS;
    const before = await countAssets(locationId);
    await sandbox.call('PUT', `/locations/${locationId}`, { body: { companyId, snapshot: { id: snapshotId } } });
    nowMs += MINUTE_MS;
    await readLoad(locationId);
    const after = await countAssets(locationId);
    expect(after['workflows']).toBe(12);
    expect(after['pipelines']).toBe(4);
    expect(after['custom_values']).toBe(17);
    const body = { companyId, snapshot: { id: snapshotId, override: true } };
    await sandbox.call('PUT', `/locations/${locationId}`, { body });
    nowMs += MINUTE_MS;
    await readLoad(locationId);
    expect(await countAssets(locationId)).toEqual(after);
    expect(before).not.toEqual(after);
  });

  it('can be told to say completed with a part missing, so often as asked', async () => {
    await sandbox.admin('PATCH', 'settings', { snapshots: { missingParts: ['workflows'], missingCount: 1 } });
    const [lacking, whole] = [
      await sandbox.createLocation({ snapshotId }),
      await sandbox.createLocation({ snapshotId }),
    ];
    nowMs += 2 * MINUTE_MS;
    const { status, completed, pending } = (await readLoad(lacking)).json.data;
    expect([status, completed.includes('workflows'), pending]).toEqual(['completed', true, []]);
    expect((await countAssets(lacking))['workflows']).toBe(0);
    expect((await countAssets(whole))['workflows']).toBe(6);
  });

  it('can be told to fail', async () => {
    await sandbox.admin('PATCH', 'settings', { snapshots: { failNext: 1, listsAsText: true } });
    const locationId = await sandbox.createLocation({ snapshotId });
    nowMs += 2 * MINUTE_MS;
    expect((await readLoad(locationId)).json.data).toMatchObject({ status: 'failed', pending: "['workflows']" });
  });
});
