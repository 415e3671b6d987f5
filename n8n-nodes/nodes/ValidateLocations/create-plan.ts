import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { describeMisuse, type Failure } from '../shared/failure';
import { readFields } from '../shared/read-parameters';
import { readPlanRows } from '../shared/read-plan';
import type { Switchyard, SwitchyardRequest } from '../shared/transport';

const PLAN_TIMEOUT_MS = 60_000;
const BOUNDARY = 'switchyard-form-0d3f6c1e8a';

export type ReadPlan =
  | { readonly plan: IDataObject; readonly rows: readonly IDataObject[]; readonly errorsCsv: string | null }
  | { readonly failure: Failure };

/** All items as one file: their own fields, or the columns mapped for each. */
export async function planItems(context: IExecuteFunctions, switchyard: Switchyard): Promise<ReadPlan> {
  const rows = context.getInputData().map(({ json }, itemIndex): IDataObject => {
    const mapped = context.getNodeParameter('columns', itemIndex, {}) as IDataObject;
    return mapped.mappingMode === 'defineBelow' ? ((mapped.value ?? {}) as IDataObject) : json;
  });
  const body = { rows, onInvalid: 'skip', ...readFields(context, 'options', 0) };
  return await createPlan(switchyard, { body });
}

/** The CSV of one item's binary field. */
export async function planFile(
  context: IExecuteFunctions,
  { switchyard, itemIndex }: { switchyard: Switchyard; itemIndex: number },
): Promise<ReadPlan> {
  const field = String(context.getNodeParameter('binaryField', itemIndex, 'data'));
  if (!context.getInputData()[itemIndex]?.binary?.[field]) {
    const advice =
      "Name the binary field in 'Input Data Field Name': after a form it is the field's label, after 'Read File' usually data.";
    return { failure: describeMisuse(`The item has no file in '${field}'`, advice) };
  }
  const file = await context.helpers.getBinaryDataBuffer(itemIndex, field);
  const headings = context.getNodeParameter('headings', itemIndex, {}) as { heading?: { from: string; to: string }[] };
  const columns = Object.fromEntries((headings.heading ?? []).map(({ from, to }) => [from, to]));
  const fields = {
    onInvalid: 'skip',
    ...readFields(context, 'options', itemIndex),
    ...(Object.keys(columns).length > 0 ? { columns: JSON.stringify(columns) } : {}),
  };
  return await createPlan(switchyard, {
    body: writeForm(file, fields),
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
  });
}

async function createPlan(
  switchyard: Switchyard,
  sending: Pick<SwitchyardRequest, 'body' | 'contentType'>,
): Promise<ReadPlan> {
  const created = await switchyard.send({
    method: 'POST',
    path: '/v1/onboarding/plan',
    timeoutMs: PLAN_TIMEOUT_MS,
    ...sending,
  });
  if (!created.ok) return { failure: created.failure };
  const plan = created.answer.body as IDataObject & { counts: { invalid: number } };
  const planId = String(plan.id);
  const read = await readPlanRows(switchyard, planId);
  if ('failure' in read) return read;
  if (plan.counts.invalid === 0) return { plan, rows: read.rows, errorsCsv: null };
  const path = `/v1/onboarding/plans/${encodeURIComponent(planId)}/errors.csv`;
  const errors = await switchyard.send({ method: 'GET', path, isText: true });
  if (!errors.ok) return { failure: errors.failure };
  return { plan, rows: read.rows, errorsCsv: String(errors.answer.body) };
}

/** A form of RFC 7578, by hand: the bytes of the file go through as they are, whatever their encoding. */
function writeForm(file: Buffer, fields: IDataObject): Buffer {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${String(value)}\r\n`,
  );
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="locations.csv"\r\nContent-Type: text/csv\r\n\r\n`;
  return Buffer.concat([Buffer.from(texts.join('') + head), file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}
