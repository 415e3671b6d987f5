import type pg from 'pg';

const TICK_MS = 50;

export interface ArrivingLeads {
  /** Ids that the source has said it stored. */
  readonly acknowledged: readonly string[];
  /** What ended them: the source refusing writes, which is how a switch-over looks. */
  readonly ended: Promise<string>;
  readonly stop: () => void;
}

/** Leads that keep coming into the source, some changed afterwards, until it refuses to be written. */
export function startArrivingLeads(client: pg.Client, perSecond: number): ArrivingLeads {
  const acknowledged: string[] = [];
  const stopping = new AbortController();
  let due = 0;
  const run = async (): Promise<string> => {
    for (let lastMs = performance.now(); !stopping.signal.aborted;) {
      const nowMs = performance.now();
      due += ((nowMs - lastMs) / 1000) * perSecond;
      lastMs = nowMs;
      for (; due >= 1; due -= 1) {
        try {
          acknowledged.push(await arrive(client, acknowledged.length));
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    return 'stopped';
  };
  const ended = run();
  return { acknowledged, ended, stop: () => stopping.abort() };
}

async function arrive(client: pg.Client, count: number): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `with made as (
       insert into leads (first_name, email, phone, zip_code, source, assigned_location_id, status, lead_score)
       values ('Arriving', $1, '(617) 555-0199', '02134', 'website', 'loc-1', 'assigned', 7) returning id),
     logged as (insert into lead_routing_logs (lead_id, assigned_location_id, routing_reason)
       select id, 'loc-1', 'arrived' from made)
     select id from made`,
    [`arriving${count}@example.com`],
  );
  const id = rows[0]?.id ?? '';
  if (count % 5 === 4) {
    await client.query(
      `update leads set status = 'contacted', assigned_location_id = 'loc-2' where id = (select max(id) - 3 from leads)`,
    );
  }
  return id;
}
