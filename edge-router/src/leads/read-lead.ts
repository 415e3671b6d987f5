// Zod compiles its schemas where it may; a Worker may not make code from text, so there zod interprets, and a lead costs it
// several times what it costs elsewhere. Hence a look at the body first, which knows leads that are good beyond doubt.
import { parseInput, readJsonValue } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { ok, type Result } from '../rules/result.ts';
import {
  LEAD_BODY_LIMIT_BYTES,
  leadInputSchema,
  MAX_EXTERNAL_ID_LENGTH,
  MAX_LENGTHS,
  MAX_RECORD_KEY_LENGTH,
  MAX_RECORD_KEYS,
  MAX_RECORD_TEXT_LENGTH,
  MAX_SCORE,
  type LeadInput,
} from './intake.ts';

/** The body of a request that brings one lead; bad input as `readJson` would report it. */
export async function readLeadBody(request: Request): Promise<Result<LeadInput, ApiError>> {
  const json = await readJsonValue(request, LEAD_BODY_LIMIT_BYTES);
  return json.ok ? readLead(json.value) : json;
}

/** What `leadInputSchema` makes of a body parsed from JSON. @returns `invalid_input` with every bad field */
export function readLead(body: unknown): Result<LeadInput, ApiError> {
  const lead = takeGoodLead(body);
  return lead ? ok(lead) : parseInput(leadInputSchema, body);
}

/**
 * The lead as the schema would make it, its fields in the schema's order; null where the schema would change, refuse or
 * has to judge anything. Only for what JSON can hold.
 */
export function takeGoodLead(body: unknown): LeadInput | null {
  if (!isObject(body)) return null;
  const lead: Record<string, unknown> = {};
  let fields = 0;
  for (const [field, isGood] of checks) {
    const value = body[field];
    if (value === undefined) continue;
    if (!isGood(value)) return null;
    lead[field] = value;
    fields++;
  }
  const isWhole = isGoodLead(lead) && Object.keys(body).length === fields;
  return isWhole ? lead : null;
}

type IsGood = (value: unknown) => boolean;

const isRecord: IsGood = (value) => {
  if (!isObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length <= MAX_RECORD_KEYS && keys.every((key) => isRecordKey(key) && isRecordValue(value[key]));
};
const isDegrees = (value: unknown, limit: number): boolean => isNumber(value, -limit, limit);
const SOURCE = /^[\w.:-]{1,64}$/;

const isGoodByField: Readonly<Record<keyof LeadInput, IsGood>> = {
  source: (value) => typeof value === 'string' && SOURCE.test(value),
  externalId: (value) => isText(value, MAX_EXTERNAL_ID_LENGTH) && value !== '' && value === value.trim(),
  ...freeTextChecks(),
  coordinates: (value) =>
    isObject(value) &&
    Object.keys(value).join() === 'lng,lat' &&
    isDegrees(value['lng'], 180) &&
    isDegrees(value['lat'], 90),
  score: (value) => isNumber(value, 0, MAX_SCORE),
  utm: isRecord,
  consent: isRecord,
  metadata: isRecord,
};

const checks = (Object.keys(leadInputSchema.shape) as (keyof LeadInput)[]).map((field): readonly [string, IsGood] => [
  field,
  isGoodByField[field],
]);

function freeTextChecks(): Record<keyof typeof MAX_LENGTHS, IsGood> {
  const limits = Object.entries(MAX_LENGTHS);
  const entries = limits.map(([field, max]): [string, IsGood] => [field, (value) => isText(value, max)]);
  return Object.fromEntries(entries) as Record<keyof typeof MAX_LENGTHS, IsGood>;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Each field there has passed its check. */
function isGoodLead(lead: Readonly<Record<string, unknown>>): lead is LeadInput {
  return lead['source'] !== undefined;
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength;
}

/** JSON's 1e999 is read as Infinity. */
function isNumber(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max && Number.isFinite(value);
}

/** `__proto__` is a key like any other in JSON, and zod drops it. */
function isRecordKey(key: string): boolean {
  return key.length <= MAX_RECORD_KEY_LENGTH && key !== '__proto__';
}

function isRecordValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'boolean' || isText(value, MAX_RECORD_TEXT_LENGTH);
}
