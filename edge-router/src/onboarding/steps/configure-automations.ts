import * as z from 'zod';
import {
  createCustomValue,
  listCustomValues,
  updateCustomValue,
  type CustomValue,
} from '../../highlevel/calls/customisation.ts';
import { listWorkflows } from '../../highlevel/calls/workflows.ts';
import type { HighlevelError } from '../../highlevel/rules/failure.ts';
import { ok, type Result } from '../../rules/result.ts';
import { failForHighlevel } from '../highlevel-failure.ts';
import { findWantedValues } from '../location-facts.ts';
import { scaleSeconds } from '../patience.ts';
import {
  compareCustomValues,
  isSecretTemplate,
  toCustomValueKey,
  toCustomValueName,
  type CustomValueChange,
  type StoredCustomValue,
} from '../rules/custom-values.ts';
import type { Finding } from '../rules/finding.ts';
import type { CheckContext, Step, StepContext, Waiting } from '../step.ts';
import { findEffects, ghlLocationIdOf, isCreatedHere, locationIdOf } from '../step-facts.ts';
import { PUBLISHED, readTemplateInventory } from '../template-inventory.ts';
import { publishWorkflowsTask } from '../tasks.ts';

const WRITE = 'write-custom-values';
/** A step answers before its lease or its caller gives up; what is left is done when it is asked again. */
const BUSY_MS = 20_000;
const LIST_AGAIN_SECONDS = 10;

/**
 * Fills the custom values that the snapshot's texts and workflows refer to. HighLevel's API changes no workflow: whether
 * they are published is looked at, and what is a draft becomes a task.
 */
export const configureAutomations: Step = {
  name: 'configure-automations',
  changesDirectory: false,

  async run(context) {
    const { highlevel, run, settings } = context;
    const ghlLocationId = ghlLocationIdOf(run);
    const wanted = findWantedValues({ ...context, locationId: locationIdOf(run), ghlLocationId });
    const stored = await listCustomValues(highlevel.reader, ghlLocationId);
    if (!stored.ok) return failForHighlevel(stored.error, 'listing the custom values');
    const changes = compareCustomValues(wanted, stored.value.map(toStored));
    const doubtful = findDoubtful(context, changes);
    if (doubtful) return doubtful;
    const written = await writeValues(context, changes);
    if (!written.ok) return failForHighlevel(written.error, 'writing the custom values');
    if (written.value < changes.length) {
      const done = Object.keys(wanted).length - changes.length + written.value;
      return {
        kind: 'waiting',
        waitsFor: 'custom values',
        detail: `${done} of ${Object.keys(wanted).length} custom values are right; the rest follows.`,
        retryAfterSeconds: 1,
      };
    }
    const workflows = await listWorkflows(highlevel.reader, ghlLocationId);
    if (!workflows.ok) return failForHighlevel(workflows.error, 'listing the workflows');
    const template = await readTemplateInventory(context, settings.templateLocationId);
    if (!template.ok) return failForHighlevel(template.error, 'reading the template');
    // What is a draft in the template is meant to be one.
    const published = new Set(template.value[PUBLISHED]);
    const drafts = workflows.value.flatMap(({ name, status }) =>
      name !== null && status !== 'published' && published.has(name) ? [name] : [],
    );
    const task = publishWorkflowsTask(ghlLocationId, drafts);
    return {
      kind: 'succeeded',
      output: {
        customValues: Object.keys(wanted).length,
        written: written.value,
        workflows: workflows.value.length,
        drafts,
      },
      ...(drafts.length > 0 ? { tasks: [task] } : { tasksDone: [task.kind] }),
    };
  },

  async check(context) {
    const { highlevel, ghlLocationId } = context;
    const wanted = findWantedValues(context);
    const [stored, workflows] = await Promise.all([
      listCustomValues(highlevel.reader, ghlLocationId),
      listWorkflows(highlevel.reader, ghlLocationId),
    ]);
    if (!stored.ok) return stored;
    if (!workflows.ok) return workflows;
    const changes = compareCustomValues(wanted, stored.value.map(toStored));
    return ok([
      ...Object.keys(wanted).map((key) => describeValue(key, changes)),
      ...checkWelcome(context, workflows.value),
    ]);
  },

  /** The values that were there before this run; in a sub-account of this run's own there were none. */
  async undo(context) {
    if (context.run.ghlLocationId === null || isCreatedHere(context)) return { kind: 'undone' };
    const restored = await restoreValues(context);
    return restored.ok ? { kind: 'undone' } : failForHighlevel(restored.error, 'restoring the custom values');
  },
};

function toStored({ id, name, fieldKey, value }: CustomValue): StoredCustomValue {
  return { id, name, fieldKey: fieldKey ?? name, value: value ?? '' };
}

/**
 * A value that an unanswered attempt may have created is not created again before the list surely shows it: two of one key
 * could not be told apart.
 */
function findDoubtful(context: StepContext, changes: readonly CustomValueChange[]): Waiting | null {
  const missing = new Set(changes.filter(({ stored }) => !stored).map(({ key }) => key));
  const unsettled = findEffects(context, WRITE).filter(
    ({ outcome, intent, settlesInSeconds }) =>
      outcome === 'unknown' &&
      settlesInSeconds > 0 &&
      createsSchema.parse(intent['creates']).some((key) => missing.has(key)),
  );
  if (unsettled.length === 0) return null;
  const settlesInSeconds = Math.max(...unsettled.map((effect) => effect.settlesInSeconds));
  return {
    kind: 'waiting',
    waitsFor: 'custom values',
    detail:
      'An earlier attempt to create custom values was not answered: the list is looked at until they surely were not made.',
    retryAfterSeconds: Math.min(Math.max(settlesInSeconds, 1), scaleSeconds(context.deps, LIST_AGAIN_SECONDS)),
  };
}

const createsSchema = z.array(z.string()).default([]);
const beforeSchema = z.record(z.string(), z.string().nullable());

/** Answers how many were written; fewer than asked for when the time was over. */
async function writeValues(
  context: StepContext,
  changes: readonly CustomValueChange[],
): Promise<Result<number, HighlevelError>> {
  if (changes.length === 0) return ok(0);
  const { deps, ledger, settings } = context;
  // A secret is not kept; it is made anew from what it was made of.
  const isKept = ({ key }: CustomValueChange): boolean => !isSecretTemplate(settings.customValues[key] ?? '');
  const before = Object.fromEntries(changes.filter(isKept).map(({ key, stored }) => [key, stored?.value ?? null]));
  const endsAtMs = deps.nowMs() + BUSY_MS;
  return ledger.perform({
    effect: WRITE,
    intent: { before, creates: changes.filter(({ stored }) => !stored).map(({ key }) => key) },
    call: async () => {
      let written = 0;
      for (const change of changes) {
        if (deps.nowMs() > endsAtMs) break;
        const done = await writeValue(context, change);
        if (!done.ok) return done;
        written++;
      }
      return ok(written);
    },
    keep: (written) => ({ written }),
  });
}

function writeValue(
  { highlevel, run }: StepContext,
  { key, value, stored }: CustomValueChange,
): Promise<Result<CustomValue, HighlevelError>> {
  const ghlLocationId = ghlLocationIdOf(run);
  if (!stored) return createCustomValue(highlevel.writer, { ghlLocationId, name: toCustomValueName(key), value });
  return updateCustomValue(highlevel.writer, { ghlLocationId, id: stored.id, name: stored.name, value });
}

function describeValue(key: string, changes: readonly CustomValueChange[]): Finding {
  const change = changes.find((candidate) => candidate.key === key);
  const named = { check: 'custom-value', name: key } as const;
  if (!change) return { ...named, status: 'ok', detail: 'The value is the row’s.' };
  return change.stored
    ? { ...named, status: 'differs', detail: 'The value is another one.' }
    : { ...named, status: 'missing', detail: 'There is no such custom value.' };
}

function checkWelcome(
  { settings }: Pick<CheckContext, 'settings'>,
  workflows: readonly { readonly name: string | null; readonly status: string | null }[],
): Finding[] {
  const name = settings.welcomeWorkflowName;
  if (name === null) return [];
  const found = workflows.find((workflow) => workflow.name === name);
  const named = { check: 'welcome-workflow', name } as const;
  if (!found) return [{ ...named, status: 'missing', detail: 'There is no workflow of this name.' }];
  return found.status === 'published'
    ? [{ ...named, status: 'ok', detail: 'The workflow is published.' }]
    : [{ ...named, status: 'differs', detail: 'The workflow is a draft: it does not run.' }];
}

async function restoreValues(context: StepContext): Promise<Result<null, HighlevelError>> {
  const { highlevel, ledger, run } = context;
  const ghlLocationId = ghlLocationIdOf(run);
  const writes = findEffects(context, WRITE).filter(({ runId, intent }) => runId === run.runId && 'before' in intent);
  // The oldest says what was there before any of them.
  const before = Object.assign({}, ...writes.toReversed().map(({ intent }) => beforeSchema.parse(intent['before'])));
  const wanted = Object.fromEntries(
    Object.entries(beforeSchema.parse(before)).map(([key, value]) => [key, value ?? '']),
  );
  if (Object.keys(wanted).length === 0) return ok(null);
  const stored = await listCustomValues(highlevel.reader, ghlLocationId);
  if (!stored.ok) return stored;
  const changes = compareCustomValues(wanted, stored.value.map(toStored)).filter((change) => change.stored !== null);
  const restored = await ledger.perform({
    effect: WRITE,
    intent: { restores: changes.map(({ key }) => toCustomValueKey(key)) },
    call: async () => {
      for (const change of changes) {
        const done = await writeValue(context, change);
        if (!done.ok) return done;
      }
      return ok(null);
    },
  });
  return restored.ok ? ok(null) : restored;
}
