import { Redis } from '@upstash/redis';
import type { Coordinates } from '../edge-router/src/locations/rules/distance.ts';
import { runSegment, type Scene } from './measure.ts';
import { chooseLeadPlaces, readPlaces, writeLocationsCsv } from './places.ts';
import { GHL_LOCATION_ID, type StoredDecision } from './scenarios.ts';
import type { BenchStack } from './stack.ts';

const IMPORT_TIMEOUT_MS = 60_000;
const LEAD_PLACES = 500;
const POINTS_PER_COMMAND = 1000;
const DECISIONS = 200;
const FIRST_LEADS_MS = 500;

/** Imports the locations through the router, and gives every competitor and the load generator the same ones. */
export async function prepareData(scene: Scene, locations: number): Promise<void> {
  const { stack } = scene;
  const places = readPlaces();
  await importLocations(stack, writeLocationsCsv(places, locations));
  const { rows } = await stack.pool.query<Coordinates & { id: string }>('select id, lng, lat from locations');
  await stack.pool.query('analyze');
  await fillRedis(stack, rows);
  await stack.pool.query(
    `insert into highlevel_installations (ghl_location_id, installed, changed_at, webhook_id) values ($1, true, now(), 'bench')`,
    [GHL_LOCATION_ID],
  );
  const samples = {
    places: chooseLeadPlaces(places, rows, LEAD_PLACES),
    decisions: [],
  };
  await runSegment(scene, { scenario: 'leads', clients: 4, durationMs: FIRST_LEADS_MS, samples });
  const decisions = await stack.pool.query<{ decision: StoredDecision }>(
    `select decision from leads where status = 'assigned' limit ${DECISIONS}`,
  );
  await runSegment(scene, {
    scenario: 'bare',
    clients: 1,
    durationMs: 1,
    samples: { ...samples, decisions: decisions.rows.map(({ decision }) => decision) },
  });
}

async function importLocations({ routerPort, apiKey }: BenchStack, csv: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${routerPort}/v1/locations/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'text/csv' },
    body: csv,
    signal: AbortSignal.timeout(IMPORT_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The import was refused: ${(await response.text()).slice(0, 500)}`);
  await response.body?.cancel();
}

async function fillRedis({ redis }: BenchStack, rows: readonly (Coordinates & { id: string })[]): Promise<void> {
  const client = new Redis({ ...redis, enableTelemetry: false });
  for (let at = 0; at < rows.length; at += POINTS_PER_COMMAND) {
    const [first, ...rest] = rows
      .slice(at, at + POINTS_PER_COMMAND)
      .map(({ id, lng, lat }) => ({ member: id, longitude: lng, latitude: lat }));
    if (first) await client.geoadd('bench:locations', first, ...rest);
  }
}
