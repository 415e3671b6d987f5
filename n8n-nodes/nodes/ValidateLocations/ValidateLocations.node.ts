import {
  NodeConnectionTypes,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { summarisePlan } from '../shared/read-plan';
import { toFailedItem, toNodeError } from '../shared/results';
import { connect } from '../shared/transport';
import { getLocationColumns } from './columns';
import { planFile, planItems, type ReadPlan } from './create-plan';
import { inputSource, parameters } from './parameters';

/** JSON rows count from 2, as a spreadsheet with a header would show them. */
const FIRST_ROW = 2;

export class ValidateLocations implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Validate Locations',
    name: 'validateLocations',
    icon: { light: 'file:../../icons/validate.svg', dark: 'file:../../icons/validate.dark.svg' },
    group: ['transform'],
    version: [1],
    subtitle: '={{ $parameter["batch"] }}',
    description: 'Check rows of new locations cell by cell before anything is touched',
    defaults: { name: 'Validate Locations' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
    outputNames: ['Valid', 'Invalid'],
    usableAsTool: true,
    credentials: [{ name: 'switchyardApi', required: true }],
    properties: parameters,
  };

  methods = { resourceMapping: { getLocationColumns } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const items = this.getInputData();
    if (items.length === 0) return [[], []];
    const switchyard = await connect(this, this.getExecutionCancelSignal());
    if (this.getNodeParameter('inputSource', 0) === inputSource.items) {
      return await sortRows(this, { read: await planItems(this, switchyard), fileItem: null });
    }
    const valid: INodeExecutionData[] = [];
    const invalid: INodeExecutionData[] = [];
    for (const fileItem of items.keys()) {
      const read = await planFile(this, { switchyard, itemIndex: fileItem });
      const [good = [], bad = []] = await sortRows(this, { read, fileItem });
      valid.push(...good);
      invalid.push(...bad);
    }
    return [valid, invalid];
  }
}

interface Sorting {
  readonly read: ReadPlan;
  /** The item that the file came in; null where every item is a row. */
  readonly fileItem: number | null;
}

async function sortRows(context: IExecuteFunctions, { read, fileItem }: Sorting): Promise<INodeExecutionData[][]> {
  if ('failure' in read) return [failAll(context, read.failure, fileItem), []];
  const { plan, rows, errorsCsv } = read;
  const inputs = context.getInputData();
  const common = { batch: String(context.getNodeParameter('batch', fileItem ?? 0)).trim(), planId: plan.id as string };
  const toItem = (row: IDataObject): INodeExecutionData => {
    const itemIndex = fileItem ?? Number(row.row) - FIRST_ROW;
    const given = fileItem === null ? (inputs[itemIndex]?.json ?? {}) : {};
    const json =
      row.action === 'invalid'
        ? { ...given, ...describeBadRow(row), ...common }
        : { ...describeGoodRow(row), ...common };
    return { json, pairedItem: { item: itemIndex } };
  };
  const valid = rows.filter(({ action }) => action !== 'invalid').map(toItem);
  const invalid = rows.filter(({ action }) => action === 'invalid').map(toItem);
  const first = invalid[0];
  if (first && errorsCsv !== null) {
    const file = await context.helpers.prepareBinaryData(Buffer.from(errorsCsv), 'rows-to-fix.csv', 'text/csv');
    first.binary = { data: file };
  }
  hint(context, plan);
  return [valid, invalid];
}

function describeGoodRow({
  rowKey,
  action,
  row,
  input,
  locationId,
  subAccount,
  changes,
  warnings,
}: IDataObject): IDataObject {
  const { name, franchiseCode } = input as IDataObject;
  return { rowKey, name, franchiseCode, action, sheetRow: row, locationId, subAccount, changes, warnings, row: input };
}

/** `errors` is a text, so that it is a column of a sheet or a CSV; all of it, cell by cell, is in `cellErrors`. */
function describeBadRow({ rowKey, row, errors }: IDataObject): IDataObject {
  const cells = errors as IDataObject[];
  const texts = cells.map(({ column, message, suggestion }) => {
    const hint = typeof suggestion === 'string' ? ` (did you mean ${suggestion}?)` : '';
    return `${column ? `${String(column)}: ` : ''}${String(message)}${hint}`;
  });
  return { rowKey, sheetRow: row, errors: texts.join(' | '), cellErrors: cells };
}

/** The file as a whole cannot be read: every item fails, with its row kept. */
function failAll(
  context: IExecuteFunctions,
  failure: Parameters<typeof toNodeError>[1],
  fileItem: number | null,
): INodeExecutionData[] {
  if (!context.continueOnFail()) throw toNodeError(context.getNode(), failure, fileItem ?? undefined);
  const failed = fileItem === null ? [...context.getInputData().keys()] : [fileItem];
  return failed.map((itemIndex) =>
    toFailedItem(context, { failure, input: context.getInputData()[itemIndex]?.json ?? {}, itemIndex }),
  );
}

function hint(context: IExecuteFunctions, plan: IDataObject): void {
  const { counts, estimate, planId } = summarisePlan(plan) as {
    counts: { total: number; create: number; update: number; skip: number; invalid: number };
    estimate: { minutes: number };
    planId: string;
  };
  const { total, create, update, skip, invalid } = counts;
  context.addExecutionHints({
    message: `${total} rows: ${create} to create, ${update} to update, ${skip} up to date, ${invalid} invalid. About ${estimate.minutes} minutes at HighLevel. Plan ${planId}.`,
    type: invalid > 0 ? 'warning' : 'info',
    location: 'outputPane',
  });
}
