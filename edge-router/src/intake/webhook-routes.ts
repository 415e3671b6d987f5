import { Hono, type Context } from 'hono';
import { isUnavailable } from '../../../db/database.ts';
import { acceptSourceEvent, type SourceEvent } from '../../../db/queries/accept-source-event.ts';
import type { SourceRow } from '../../../db/queries/source-row.ts';
import type { AppDeps } from '../deps.ts';
import type { AppEnv } from '../http/app-env.ts';
import { invalidInput, parseJson, readBodyBytes } from '../http/body.ts';
import { hashText } from '../http/hash.ts';
import { makeLeadWebhookSecret } from '../http/lead-webhook-secret.ts';
import type { RateLimits } from '../http/rate-limits.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import { persistLater } from '../jobs/persist-later.ts';
import { isUuid } from '../rules/ids.ts';
import { err, type Result } from '../rules/result.ts';
import { isUsable, readLeadBody } from './rules/read-lead-body.ts';
import { isSame, makeSourceSecret, signBody } from './rules/source-secret.ts';
import type { SourceBook } from './source-book.ts';

const BODY_LIMIT_BYTES = 256 * 1024;
const SECRET_HEADER = 'x-switchyard-secret';
const SIGNATURE_HEADER = 'x-switchyard-signature';
/** Workflows' webhooks have no id of their own: the same words of the same contact are one for so long. */
const SAME_FOR_HOURS = 24;
const MAX_ID_LENGTH = 64;
/** Postgres gives up far deeper. */
const MAX_DEPTH = 100;
/** What a location's own workflows are called as a source. */
const LOCATION_SOURCE = 'location-workflow';
const AWAY: ApiError = { kind: 'unavailable', part: 'database', retryAfterSeconds: 5 };

interface WebhookRouteDeps {
  readonly deps: AppDeps;
  readonly sources: SourceBook;
  readonly limits: RateLimits;
  readonly announce: (background: (work: Promise<unknown>) => void) => void;
}

type Sender = Pick<SourceRow, 'name' | 'kind' | 'mapping'>;

/**
 * `POST /v1/webhooks/forms/:source` and `/v1/webhooks/highlevel/workflow/:source`: known by a secret or a signature over the raw bytes, stored
 * (or kept by QStash while Postgres is away), then answered. What is no lead is kept as rejected, named, and can be replayed.
 */
export function createSourceWebhookRoutes({ deps, sources, limits, announce }: WebhookRouteDeps): Hono<AppEnv> {
  const { eventSigningKey, personHashKey } = deps.config;

  async function findSender(
    kind: SourceRow['kind'],
    name: string,
  ): Promise<{ sender: Sender; secrets: string[] } | null> {
    if (kind === 'workflow' && isUuid(name)) {
      const sender = { name: LOCATION_SOURCE, kind, mapping: {} };
      return { sender, secrets: [makeLeadWebhookSecret(personHashKey, name)] };
    }
    const source = await sources.find(name);
    if (!source?.enabled || source.kind !== kind) return null;
    // The last secret is taken as well, so that a change of it loses nothing.
    const versions = [source.secretVersion, source.secretVersion - 1].filter((version) => version > 0);
    return { sender: source, secrets: versions.map((version) => makeSourceSecret(eventSigningKey, { name, version })) };
  }

  async function take(c: Context<AppEnv>, kind: SourceRow['kind']): Promise<Response> {
    const bytes = await readBodyBytes(c.req.raw, BODY_LIMIT_BYTES);
    if (!bytes.ok) return toProblem(bytes.error, c.var.requestId);
    const found = await findSender(kind, c.req.param('source') ?? '').catch((error: unknown) => {
      if (!isUnavailable(error)) throw error;
      return 'away' as const;
    });
    if (found === 'away') return toProblem(AWAY, c.var.requestId);
    // An unknown source is answered as a wrong secret: nobody learns which there are.
    if (!found || !isKnown(c, found.secrets, bytes.value)) {
      return toProblem({ kind: 'invalid_signature' }, c.var.requestId);
    }
    const refused = await limits.take('edge', `source:${c.req.param('source') ?? ''}`);
    if (refused) return toProblem(refused, c.var.requestId);
    const body = readBody(c.req.header('content-type') ?? '', bytes.value);
    if (!body.ok) return toProblem(body.error, c.var.requestId);
    return store(c, toEvent(found.sender, body.value, c.req.header('idempotency-key')));
  }

  async function store(c: Context<AppEnv>, event: SourceEvent): Promise<Response> {
    const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
    try {
      const accepted = await acceptSourceEvent(deps.database, event);
      if (accepted.outcome === 'accepted') announce(background);
      return accepted.outcome === 'rejected' ? toProblem(noLead, c.var.requestId) : c.json(accepted, 202);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
    try {
      const id = hashText(event.id);
      await persistLater(deps, { job: 'persist-event', id, body: { sourceEvent: event }, postponed: 0 });
      if (event.reason !== null) return toProblem(noLead, c.var.requestId);
      return c.json({ outcome: 'accepted', eventId: event.id }, 202);
    } catch (error) {
      deps.log({ event: 'webhook_not_kept', source: event.source, error });
      return toProblem(AWAY, c.var.requestId);
    }
  }

  return new Hono<AppEnv>()
    .post('/forms/:source', (c) => take(c, 'form'))
    .post('/highlevel/workflow/:source', (c) => take(c, 'workflow'));
}

const noLead = invalidInput([
  {
    field: 'email, phone, postalCode, city, state or address',
    code: 'missing',
    message: 'Nothing here says who it is or where: check the mapping, then replay the event.',
  },
]);

function isKnown(c: Context<AppEnv>, secrets: readonly string[], bytes: Uint8Array): boolean {
  const bearer = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const given = c.req.header(SECRET_HEADER) ?? bearer ?? '';
  const signature = (c.req.header(SIGNATURE_HEADER) ?? '').replace(/^sha256=/, '').toLowerCase();
  return secrets.some((secret) => isSame(given, secret) || isSame(signature, signBody(secret, bytes)));
}

/** JSON, or the fields of a form. */
function readBody(contentType: string, bytes: Uint8Array): Result<unknown, ApiError> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return err({ kind: 'invalid_encoding' });
  }
  if (!contentType.includes('application/x-www-form-urlencoded')) {
    const body = parseJson(text);
    return body.ok && isDeeperThan(body.value, MAX_DEPTH) ? err(tooDeep) : body;
  }
  return parseJson(JSON.stringify(Object.fromEntries(new URLSearchParams(text))));
}

const tooDeep = invalidInput([{ field: '(body)', code: 'too_deep', message: `Deeper than ${MAX_DEPTH} levels` }]);

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}

/** HighLevel's own are shorter; senders may say anything. */
function cutId(id: string | null): string | null {
  return id?.slice(0, MAX_ID_LENGTH).toWellFormed() ?? null;
}

function toEvent({ name, kind, mapping }: Sender, body: unknown, key: string | undefined): SourceEvent {
  const read = readLeadBody(body, mapping);
  const { externalId } = read.lead;
  const contactId = cutId(read.contactId);
  const own = key ?? (typeof externalId === 'string' ? externalId : null);
  const said = hashText(JSON.stringify(body));
  const id = own === null ? `${kind}:${name}:${contactId ?? ''}:${said}` : `${kind}:${name}:id:${hashText(own)}`;
  return {
    id,
    type: kind,
    source: name,
    ghlLocationId: cutId(read.ghlLocationId),
    resourceId: contactId,
    reason: isUsable(read) ? null : 'no_lead',
    forHours: own === null ? SAME_FOR_HOURS : null,
    payload: body,
  };
}
