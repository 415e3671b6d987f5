// A picture of where leads went, as one SVG: every postal code a grey dot, every location a circle as large as the leads it
// got, every lead a line to its location in the colour of its match level. Made from the API's answers alone.
import { createRequire } from 'node:module';
import * as z from 'zod';
import type { EdgeClient } from './edge-client.ts';
import { describeProblem } from './edge-client.ts';
import type { DemoLead } from './make-lead.ts';
import type { LeadOutcome } from './send-leads.ts';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

const WIDTH = 1200;
const HEIGHT = 760;
const HEADER_HEIGHT = 74;
const PAGE_SIZE = 500;
const MAX_PAGES = 200;
const LIST_TIMEOUT_MS = 20_000;
/** Of the ground: each fourth code draws the outline well enough. */
const GROUND_STEP = 4;
const COLOURS = {
  territory: '#0f766e',
  nearest: '#2563eb',
  overflow: '#d97706',
  sticky: '#7c3aed',
  named: '#be185d',
  parked: '#dc2626',
} as const;
type Level = keyof typeof COLOURS;

type Point = { readonly lng: number; readonly lat: number };

const codesSchema = z.object({
  codes: z.record(z.string(), z.object({ latitude: z.number().nullish(), longitude: z.number().nullish() })),
});
const pageSchema = z.object({
  items: z.array(z.object({ id: z.string(), coordinates: z.object({ lng: z.number(), lat: z.number() }).nullable() })),
  nextCursor: z.string().nullable(),
});

/** Draws what became of the leads; the locations are read from the running router. */
export async function drawMap(
  client: EdgeClient,
  { leads, outcomes }: { leads: readonly DemoLead[]; outcomes: readonly LeadOutcome[] },
): Promise<Result<string, string>> {
  const locations = await readLocations(client);
  if (!locations.ok) return locations;
  const codes = readCodes();
  const taken = new Map<string, number>();
  const lines = new Map<Level, string[]>();
  for (const [index, outcome] of outcomes.entries()) {
    const from = codes.get(leads[index]?.postalCode ?? '');
    if (outcome.kind !== 'routed' || outcome.lead.status === 'duplicate' || !from || !isInside(from)) continue;
    const { location, status } = outcome.lead;
    const to = location ? locations.value.get(location.id) : undefined;
    if (location && status === 'assigned') taken.set(location.id, (taken.get(location.id) ?? 0) + 1);
    const level = toLevel(outcome.lead.decision.matchLevel);
    const stroke = to && level !== 'parked' ? `M${place(from)}L${place(to)}` : `M${place(from)}h0`;
    lines.set(level, [...(lines.get(level) ?? []), stroke]);
  }
  return ok(compose({ codes, locations: locations.value, taken, lines }));
}

function toLevel(matchLevel: string | null): Level {
  return matchLevel !== null && matchLevel in COLOURS ? (matchLevel as Level) : 'parked';
}

async function readLocations(client: EdgeClient): Promise<Result<ReadonlyMap<string, Point>, string>> {
  const points = new Map<string, Point>();
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const path: string = `/v1/locations?limit=${PAGE_SIZE}${cursor ? `&cursor=${cursor}` : ''}`;
    const answer = await client.send({ path, timeoutMs: LIST_TIMEOUT_MS });
    if (!answer.ok) return err(`The locations could not be listed. ${describeProblem(answer.error)}`);
    const { items, nextCursor } = pageSchema.parse(answer.value);
    for (const { id, coordinates } of items) if (coordinates) points.set(id, coordinates);
    cursor = nextCursor;
    if (cursor === null) break;
  }
  return ok(points);
}

function readCodes(): ReadonlyMap<string, Point> {
  const source: unknown = createRequire(import.meta.url)('zipcodes');
  const codes = new Map<string, Point>();
  for (const [code, { latitude, longitude }] of Object.entries(codesSchema.parse(source).codes)) {
    if (latitude && longitude) codes.set(code, { lng: longitude, lat: latitude });
  }
  return codes;
}

/** Albers' equal-area conic with the usual parallels of the contiguous states (29.5 and 45.5 degrees, centre 96 W 38.5 N). */
function project({ lng, lat }: Point): { x: number; y: number } {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const cone = (Math.sin(radians(29.5)) + Math.sin(radians(45.5))) / 2;
  const base = Math.cos(radians(29.5)) ** 2 + 2 * cone * Math.sin(radians(29.5));
  const radius = (degrees: number) => Math.sqrt(base - 2 * cone * Math.sin(radians(degrees))) / cone;
  const angle = cone * radians(lng + 96);
  const scale = 1480;
  return {
    x: WIDTH / 2 + scale * radius(lat) * Math.sin(angle),
    y: HEIGHT / 2 + 40 + scale * (radius(lat) * Math.cos(angle) - radius(38.5)),
  };
}

/** The picture shows the contiguous states and what lies around them; its top is the legend's. */
function isInside(point: Point): boolean {
  const { x, y } = project(point);
  return x > 0 && x < WIDTH && y > HEADER_HEIGHT && y < HEIGHT;
}

function place(point: Point): string {
  const { x, y } = project(point);
  return `${x.toFixed(0)} ${y.toFixed(0)}`;
}

type Drawing = {
  readonly codes: ReadonlyMap<string, Point>;
  readonly locations: ReadonlyMap<string, Point>;
  readonly taken: ReadonlyMap<string, number>;
  readonly lines: ReadonlyMap<Level, readonly string[]>;
};

function compose({ codes, locations, taken, lines }: Drawing): string {
  const ground = [...codes.values()].filter((point, index) => index % GROUND_STEP === 0 && isInside(point));
  const drawn = (Object.keys(COLOURS) as Level[]).filter((level) => lines.has(level));
  const total = [...lines.values()].reduce((sum, strokes) => sum + strokes.length, 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<g fill="none" stroke-linecap="round">`,
    `<path stroke="#e2e8f0" stroke-width="3" d="${ground.map((point) => `M${place(point)}h0`).join('')}"/>`,
    ...drawn.map((level) => {
      const width = level === 'parked' ? 7 : 1.3;
      return `<path stroke="${COLOURS[level]}" stroke-opacity=".75" stroke-width="${width}" d="${lines.get(level)?.join('')}"/>`;
    }),
    `</g>`,
    ...[...locations]
      .filter(([, point]) => isInside(point))
      .map(([id, point]) => {
        const { x, y } = project(point);
        const radius = 2.5 + Math.sqrt(taken.get(id) ?? 0) * 0.9;
        return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}" fill="#0f172a" stroke="#fff"/>`;
      }),
    `<text x="24" y="34" font-size="20" font-weight="600" fill="#0f172a">${total} leads, ${locations.size} locations</text>`,
    ...drawn.map((level, index) => {
      const x = 24 + index * 150;
      const label = `${level} ${lines.get(level)?.length ?? 0}`;
      return `<rect x="${x}" y="48" width="14" height="14" rx="3" fill="${COLOURS[level]}"/><text x="${x + 20}" y="60" font-size="15" fill="#334155">${label}</text>`;
    }),
    `</svg>\n`,
  ].join('\n');
}
