import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { toAssignBody, type AssignDecision } from '../db/queries/assign-lead.ts';
import { makeBenchLead, type BenchLead } from './bench-lead.ts';
import type { Place } from './places.ts';

export const scenarioNames = [
  'bare',
  'insert',
  'assign',
  'leads',
  'batch',
  'webhook',
  'nearby',
  'preview',
  'geosearch',
  'sqlNearest',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export const LEADS_PER_BATCH = 50;
/** The sub-account that webhooks tell of. */
export const GHL_LOCATION_ID = 'bench-sub-account';
/** Past the numbers of all single leads. */
const FIRST_BATCH_NUMBER = 4_000_000;

export const scenarioTitles: Readonly<Record<ScenarioName, string>> = {
  bare: 'bare Worker: body and key',
  insert: 'the same with one insert (floor)',
  assign: 'the same with one assign_lead call',
  leads: 'POST /v1/leads',
  batch: 'POST /v1/leads/batch, 50 each',
  webhook: 'POST /v1/webhooks/highlevel',
  nearby: 'GET /v1/locations/nearby',
  preview: 'POST /v1/leads/preview',
  geosearch: 'Redis GEOSEARCH per request',
  sqlNearest: 'SQL nearest per request',
};

/** A decision as the router stored it, for calls of `assign_lead` without the router. */
export type StoredDecision = AssignDecision;

export interface Samples {
  readonly places: readonly Place[];
  readonly decisions: readonly StoredDecision[];
}

interface RequestLine {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string;
}

/** The request of this scenario with this number: no two numbers give the same lead or person. */
export function makeRequest(scenario: ScenarioName, number: number, samples: Samples): RequestLine {
  const place = samples.places[number % samples.places.length];
  if (!place) throw new Error('No places to ask about.');
  const { lng, lat } = place.coordinates;
  const post = (path: string, body: unknown): RequestLine => ({ method: 'POST', path, body: JSON.stringify(body) });
  const get = (path: string): RequestLine => ({ method: 'GET', path, body: '' });
  switch (scenario) {
    case 'bare':
      return post('/v1/bare', makeBenchLead(number, place));
    case 'insert':
      return post('/v1/insert', makeBenchLead(number, place));
    case 'assign':
      return post('/v1/assign', makeAssignRequest(number, place, samples.decisions));
    case 'leads':
      return post('/v1/leads', makeBenchLead(number, place));
    case 'batch':
      return post('/v1/leads/batch', { leads: makeBatch(number, samples.places) });
    case 'webhook':
      return post('/v1/webhooks/highlevel', makeContactCreate(number, place));
    case 'preview':
      return post('/v1/leads/preview', makeBenchLead(number, place));
    case 'nearby':
      return get(`/v1/locations/nearby?postalCode=${place.postalCode}&radiusMiles=50&limit=10`);
    case 'geosearch':
      return get(`/v1/geosearch?lng=${lng}&lat=${lat}`);
    case 'sqlNearest':
      return get(`/v1/sql-nearest?lng=${lng}&lat=${lat}`);
  }
}

function makeBatch(number: number, places: readonly Place[]): BenchLead[] {
  return Array.from({ length: LEADS_PER_BATCH }, (_, index) => {
    const ofAll = FIRST_BATCH_NUMBER + number * LEADS_PER_BATCH + index;
    const place = places[ofAll % places.length];
    if (!place) throw new Error('No places to ask about.');
    return makeBenchLead(ofAll, place);
  });
}

/** As HighLevel sends it for a contact that somebody made in a sub-account. */
function makeContactCreate(number: number, place: Place): object {
  const { firstName, lastName, email, phone, postalCode } = makeBenchLead(number, place);
  const id = `contact${String(number).padStart(13, '0')}`;
  const person = { id, firstName, lastName, email, phone, postalCode, tags: ['newsletter'], source: 'bench' };
  const timestamp = '2026-11-26T12:00:00.000Z';
  return { type: 'ContactCreate', locationId: GHL_LOCATION_ID, ...person, timestamp, webhookId: `bench-${number}` };
}

/** The router's own request with a decision that it made before. */
function makeAssignRequest(number: number, place: Place, decisions: readonly StoredDecision[]): object {
  const decision = decisions[number % decisions.length];
  if (!decision) throw new Error('No decisions to ask with.');
  const { source: _source, externalId: _externalId, ...lead } = makeBenchLead(number, place);
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const candidates = decision.candidates.flatMap(({ locationId, verdict }, traceIndex) =>
    verdict === 'chosen' || verdict === 'outranked'
      ? [{ locationId, matchLevel: 'nearest', ignoresCapacity: false, traceIndex }]
      : [],
  );
  const request = {
    leadId: uuidv7(),
    retry: false,
    source: 'bench-assign',
    externalId: `form-${number}`,
    idempotencyKey: null,
    bodyHash: hash(`body ${number}`),
    lead,
    personHashes: [hash(`e-mail ${number}`), hash(`phone ${number}`)],
    dedupeWindowMinutes: 60,
    stickyDays: 90,
    stickyKnown: null,
    ignoreSticky: false,
    candidates: candidates.slice(0, 16),
    maxCatchUpTurns: null,
    parkedReason: 'no_location_in_range',
    requestDirectoryVersion: 1,
    onExhausted: 'answer' as const,
    decision,
  };
  return toAssignBody(request, false);
}
