import * as z from 'zod';
import { listCalendars } from '../highlevel/calls/calendars.ts';
import { listCustomFields, listCustomValues, listTags } from '../highlevel/calls/customisation.ts';
import { listPipelines } from '../highlevel/calls/opportunities.ts';
import { listWorkflows } from '../highlevel/calls/workflows.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import { ok, type Result } from '../rules/result.ts';
import { toCustomValueKey } from './rules/custom-values.ts';
import type { Inventory } from './rules/inventory.ts';
import type { CheckContext } from './step.ts';

/** One reading of the template serves all locations that are verified in this time. */
const FRESH_MS = 5 * 60_000;

/** The kind of those workflows that run. */
export const PUBLISHED = 'published workflow';

const inventorySchema = z.record(z.string(), z.array(z.string()));

type Reading = Pick<CheckContext, 'deps' | 'highlevel'>;

/** What a sub-account has of what snapshots carry, by names and keys, which are the same everywhere. */
export async function readInventory(
  { highlevel }: Pick<Reading, 'highlevel'>,
  ghlLocationId: string,
): Promise<Result<Inventory, HighlevelError>> {
  const { reader } = highlevel;
  const [workflows, values, fields, tags, pipelines, calendars] = await Promise.all([
    listWorkflows(reader, ghlLocationId),
    listCustomValues(reader, ghlLocationId),
    listCustomFields(reader, ghlLocationId),
    listTags(reader, ghlLocationId),
    listPipelines(reader, ghlLocationId),
    listCalendars(reader, ghlLocationId),
  ]);
  if (!workflows.ok) return workflows;
  if (!values.ok) return values;
  if (!fields.ok) return fields;
  if (!tags.ok) return tags;
  if (!pipelines.ok) return pipelines;
  if (!calendars.ok) return calendars;
  return ok({
    workflow: workflows.value.map(({ id, name }) => name ?? id),
    [PUBLISHED]: workflows.value.filter(({ status }) => status === 'published').map(({ id, name }) => name ?? id),
    'custom value key': values.value.map(({ name, fieldKey }) => toCustomValueKey(fieldKey ?? name)),
    'custom field': fields.value.map(({ id, fieldKey, name }) => fieldKey ?? name ?? id),
    tag: tags.value.map(({ name }) => name),
    pipeline: pipelines.value.map(({ name }) => name),
    calendar: calendars.value.map(({ id, name }) => name ?? id),
  });
}

/** The template's, kept in Redis for some minutes. */
export async function readTemplateInventory(
  context: Reading,
  templateLocationId: string,
): Promise<Result<Inventory, HighlevelError>> {
  const { deps } = context;
  const key = `onboarding:v1:template:${templateLocationId}`;
  try {
    const text = await deps.redis.get<string>(key);
    if (typeof text === 'string') return ok(inventorySchema.parse(JSON.parse(text)));
  } catch (error) {
    deps.log({ event: 'template_copy_unreadable', error });
  }
  const read = await readInventory(context, templateLocationId);
  if (read.ok) {
    await deps.redis
      .set(key, JSON.stringify(read.value), { px: FRESH_MS })
      .catch((error: unknown) => deps.log({ event: 'template_not_copied', error }));
  }
  return read;
}
