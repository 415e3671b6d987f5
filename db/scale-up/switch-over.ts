import { drainChanges, fenceSource } from './changes.ts';
import { Refusal } from './refusal.ts';
import { inTransaction, type Run } from './run.ts';
import { KINDS } from './source-layout.ts';
import { retryQuarantined } from './verify.ts';

/**
 * Holds writers of the source, brings over the last changes, and leaves the source closed to writes. Killed before the commit it has
 * changed nothing, and writers go on; after it there is nothing left to bring.
 */
export async function switchOver(run: Run): Promise<void> {
  await drainChanges(run);
  await retryQuarantined(run);
  await inTransaction(run.source, async () => {
    const names = KINDS.map((kind) => run.tables[kind].name).join(', ');
    await run.source.query(`lock table ${names} in share row exclusive mode`);
    await drainChanges(run);
    await run.happened({ step: 'switch', what: 'inside' });
    await assertAllHere(run);
    await fenceSource(run.source, run.tables);
  });
}

async function assertAllHere(run: Run): Promise<void> {
  const { rows: there } = await run.source.query<{ count: string }>(`select count(*) from ${run.tables.leads.name}`);
  const { rows: here } = await run.target.query<{ count: string }>(
    `select (select count(*) from old_ids where kind = 'lead') + (select count(*) from scale_up_quarantine where kind = 'leads') as count`,
  );
  if (there[0]?.count !== here[0]?.count) {
    throw new Refusal(
      `Not switched over: the source has ${there[0]?.count} leads, here are ${here[0]?.count}. The source goes on taking leads.`,
    );
  }
}
