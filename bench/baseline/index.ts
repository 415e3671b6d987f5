// The least a Worker can do: check a key, read a body, and at most one call to one store. Same clients, same settings as the
// router's own, so that a difference is the router's work and not another driver's.
import { Redis } from '@upstash/redis/cloudflare';
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { createDatabase, type Database } from '../../db/database.ts';
import { benchLeadSchema } from '../bench-lead.ts';

interface Env {
  readonly API_KEY_HASH: string;
  readonly DATABASE_URL: string;
  readonly NEON_FETCH_ENDPOINT: string;
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
}

const TIMEOUT_MS = 8000;
const NEAREST = 10;
const INSERT = `insert into bench_leads
  (id, source, external_id, first_name, last_name, email, phone, postal_code, service, metadata)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb)`;

let clients: { database: Database; redis: Redis } | null = null;

function findClients(env: Env): { database: Database; redis: Redis } {
  return (clients ??= {
    database: createDatabase({
      url: env.DATABASE_URL,
      fetchEndpoint: env.NEON_FETCH_ENDPOINT,
      timeoutMs: TIMEOUT_MS,
    }),
    redis: new Redis({
      url: env.UPSTASH_REDIS_REST_URL,
      token: env.UPSTASH_REDIS_REST_TOKEN,
      automaticDeserialization: false,
      enableAutoPipelining: false,
      enableTelemetry: false,
      retry: false,
    }),
  });
}

const app = new Hono<{ Bindings: Env }>();

app.use('/v1/*', async (c, next) => {
  const token = c.req.header('authorization')?.slice('Bearer '.length) ?? '';
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  if (Buffer.from(digest).toString('hex') !== c.env.API_KEY_HASH) return c.json({ code: 'unauthenticated' }, 401);
  return next();
});

app.post('/v1/bare', async (c) => {
  const lead = benchLeadSchema.parse(await c.req.json());
  return c.json({ source: lead.source, externalId: lead.externalId });
});

app.post('/v1/insert', async (c) => {
  const lead = benchLeadSchema.parse(await c.req.json());
  const id = crypto.randomUUID();
  const { source, externalId, firstName, lastName, email, phone, postalCode, service, metadata } = lead;
  const params = [id, source, externalId, firstName, lastName, email, phone, postalCode, service];
  await insertLead(c.env, [...params, JSON.stringify(metadata)]);
  return c.json({ id }, 201);
});

/** As little as Neon's HTTP endpoint takes: no driver, no query builder. */
async function insertLead(env: Env, params: readonly string[]): Promise<void> {
  const response = await fetch(env.NEON_FETCH_ENDPOINT, {
    method: 'POST',
    headers: {
      'neon-connection-string': env.DATABASE_URL,
      'neon-raw-text-output': 'true',
      'neon-array-mode': 'true',
    },
    body: JSON.stringify({ query: INSERT, params }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.json();
  if (!response.ok) throw new Error('The insert was refused.');
}

/** The router's one statement with a request made beforehand: what Postgres takes, without the router's own work. */
app.post('/v1/assign', async (c) => {
  const request = await c.req.text();
  return c.json(await findClients(c.env).database.askJson('select assign_lead($1::jsonb)', request), 201);
});

app.get('/v1/geosearch', async (c) => {
  const found = await findClients(c.env).redis.geosearch(
    'bench:locations',
    { type: 'FROMLONLAT', coordinate: { lon: Number(c.req.query('lng')), lat: Number(c.req.query('lat')) } },
    { type: 'BYRADIUS', radius: 50, radiusType: 'MI' },
    'ASC',
    { count: { limit: NEAREST }, withDist: true },
  );
  return c.json(found);
});

app.get('/v1/sql-nearest', async (c) => {
  const [lng, lat] = [Number(c.req.query('lng')), Number(c.req.query('lat'))];
  const { rows } = await findClients(c.env).database.execute(sql`
    select id, name, 7917.5 * asin(sqrt(power(sin(radians(lat - ${lat}::float8) / 2), 2)
      + cos(radians(lat)) * cos(radians(${lat}::float8)) * power(sin(radians(lng - ${lng}::float8) / 2), 2))) as miles
    from locations where active order by miles limit ${NEAREST}`);
  return c.json(rows);
});

export default app;
