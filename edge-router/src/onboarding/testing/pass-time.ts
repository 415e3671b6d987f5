import type { TestDatabase } from '../../../../local/testing/test-database.ts';

/** As if so much time had gone by that leases have ended. */
export async function endLeases({ pool }: TestDatabase, rowKey: string): Promise<void> {
  await pool.query(
    `update onboarding_locations set lease_until = clock_timestamp() - interval '1 s' where row_key = $1 and lease_until is not null`,
    [rowKey],
  );
  await pool.query(`update onboarding_locks set held_until = clock_timestamp() - interval '1 s'`);
}

/** As if so much time had gone by that no call of the past can still be done or be found late. */
export async function settleEffects({ pool }: TestDatabase, rowKey: string): Promise<void> {
  await pool.query(`update onboarding_effects set settles_at = clock_timestamp() - interval '1 s' where row_key = $1`, [
    rowKey,
  ]);
}
