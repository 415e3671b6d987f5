import type pg from 'pg';
import { csvOf, testRow } from '../../testing/test-rows.ts';
import type { TestRouter } from '../../testing/test-router.ts';

/** Four zones whose days begin far apart; the third has days of 23 and of 25 hours. */
const ZONES = ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'America/New_York', 'Asia/Kathmandu'];
const CAPS = [10, null, 0, 3];

export interface FarLocation {
  readonly id: string;
  readonly timezone: string;
  readonly cap: number | null;
}

/** Imports four locations, one in each zone, and answers them in the order of their ids. */
export async function importFarLocations(router: TestRouter, pool: pg.Pool): Promise<readonly FarLocation[]> {
  const rows = ZONES.map((_zone, index) =>
    testRow({ 'Franchise Code': `Z-${index}`, 'Capacity Limit': String(CAPS[index] ?? '') }),
  );
  const headers = { 'content-type': 'text/csv' };
  const sent = await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers });
  if (!sent.ok) throw new Error(`the import answered ${sent.status}: ${await sent.text()}`);
  for (const [index, zone] of ZONES.entries())
    await pool.query('update locations set timezone = $1 where franchise_code = $2', [zone, `Z-${index}`]);
  const found = await pool.query<FarLocation>(
    'select id, timezone, daily_cap as cap from location_keys order by location_keys.id',
  );
  return found.rows;
}
