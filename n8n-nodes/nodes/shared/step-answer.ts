// What the router answers about a step, as far as the nodes use it.
import type { IDataObject } from 'n8n-workflow';
import type { Answer } from './failure';
import { parseRetryAfterMs } from './transport';
import type { ItemOutcome } from './run-items';

const DEFAULT_RETRY_MS = 5000;

/** A step's item: enough to go on with, to find the location by, and to see what happened. Rows stay in the router. */
export function summariseStep(body: IDataObject, baseUrl: string): IDataObject {
  const { runId, batch, rowKey, locationId, ghlLocationId, step, status, replayed, attempt, openTasks } = body;
  return {
    rowKey,
    locationId: locationId ?? null,
    step,
    status,
    replayed: replayed === true,
    attempt,
    runId,
    batch,
    ghlLocationId: ghlLocationId ?? null,
    openTasks: openTasks ?? 0,
    detail: body.detail ?? null,
    output: body.output ?? null,
    runUrl: addressOfRun(baseUrl, String(runId)),
  };
}

export function addressOfRun(baseUrl: string, runId: string): string {
  return `${baseUrl}/v1/onboarding/runs/${encodeURIComponent(runId)}`;
}

/** 200 is done, 202 is under way. */
export function readStepAnswer({ status, headers, body }: Answer, baseUrl: string): ItemOutcome {
  const summary = summariseStep(body as IDataObject, baseUrl);
  if (status !== 202) return { kind: 'done', json: summary };
  const { waitsFor, detail, retryAfterSeconds } = body as IDataObject;
  const header = headers['retry-after'];
  const askedMs = header === undefined ? Number(retryAfterSeconds) * 1000 : parseRetryAfterMs(header, Date.now());
  return {
    kind: 'waiting',
    json: summary,
    waitsFor: String(waitsFor ?? detail ?? 'Switchyard'),
    retryAfterMs: Number.isFinite(askedMs) && askedMs > 0 ? askedMs : DEFAULT_RETRY_MS,
  };
}
