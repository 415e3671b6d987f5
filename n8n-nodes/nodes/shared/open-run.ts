import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { describeMisuse, type Failure } from './failure';
import { parseObject } from './read-parameters';
import { runSource } from './steps';
import type { Switchyard } from './transport';

export type FoundRun = { readonly runId: string } | { readonly failure: Failure };

/** The run that an item is about. Asking twice for one batch and row is asking for one run. */
export async function findRun(
  context: IExecuteFunctions,
  switchyard: Switchyard,
  itemIndex: number,
): Promise<FoundRun> {
  if (context.getNodeParameter('runSource', itemIndex) === runSource.runId) return readRunId(context, itemIndex);
  const batch = textOf(context.getNodeParameter('batch', itemIndex, ''));
  const row = parseObject(context.getNodeParameter('row', itemIndex, null));
  if (batch === '') return { failure: missing('Batch', 'Name the batch, or map it from the item: {{ $json.batch }}.') };
  if (row === null || Object.keys(row).length === 0) {
    return {
      failure: missing(
        'Row',
        "Map the field that holds the location, usually {{ $json.row }} of 'Validate Locations'.",
      ),
    };
  }
  return openRun(switchyard, { batch, row });
}

function readRunId(context: IExecuteFunctions, itemIndex: number): FoundRun {
  const runId = textOf(context.getNodeParameter('runId', itemIndex, ''));
  if (runId !== '') return { runId };
  const advice =
    "Put this node after 'Create Location Record', whose items carry the run, map the field that holds it, or set 'Find Run By' to 'Batch and Row'.";
  return { failure: missing('Run ID', advice) };
}

async function openRun(switchyard: Switchyard, { batch, row }: { batch: string; row: IDataObject }): Promise<FoundRun> {
  const opened = await switchyard.send({ method: 'POST', path: '/v1/onboarding/runs', body: { batch, row } });
  if (opened.ok) return readOpened(opened.answer.body);
  const corrected = await correctRow(switchyard, { batch, row, failure: opened.failure });
  return corrected ?? { failure: opened.failure };
}

/** A row that was put right since the run was opened: the run gets it, so that a rerun goes on with what is right now. */
async function correctRow(
  switchyard: Switchyard,
  { batch, row, failure }: { batch: string; row: IDataObject; failure: Failure },
): Promise<FoundRun | null> {
  const runId = failure.more.runId;
  if (failure.code !== 'run_conflict' || typeof runId !== 'string') return null;
  const path = `/v1/onboarding/runs/${encodeURIComponent(runId)}`;
  const found = await switchyard.send({ method: 'GET', path });
  if (!found.ok || (found.answer.body as IDataObject).batch !== batch) return null;
  const corrected = await switchyard.send({ method: 'PUT', path: `${path}/row`, body: { row } });
  return corrected.ok ? { runId } : { failure: corrected.failure };
}

function readOpened(body: unknown): FoundRun {
  const runId = (body as IDataObject).runId;
  return typeof runId === 'string'
    ? { runId }
    : {
        failure: describeMisuse(
          'The router did not name the run',
          'The router may be of another version than this package.',
        ),
      };
}

function missing(parameter: string, advice: string): Failure {
  return describeMisuse(`The item has nothing for '${parameter}'`, advice);
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
