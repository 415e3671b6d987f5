import { listPipelines } from '../../highlevel/calls/opportunities.ts';
import { ok } from '../../rules/result.ts';
import { failForHighlevel } from '../highlevel-failure.ts';
import { ensureCalendar, removeCalendar, checkCalendar } from '../ensure-calendar.ts';
import { ensureManager, checkManager, removeManager } from '../ensure-manager.ts';
import { makeFacts } from '../location-facts.ts';
import { fillTemplate } from '../rules/custom-values.ts';
import type { Finding } from '../rules/finding.ts';
import type { CheckContext, Step, StepContext } from '../step.ts';
import { ghlLocationIdOf, locationIdOf } from '../step-facts.ts';

/** The manager, the calendar, the pipeline; and what people alone can connect becomes tasks. */
export const setUpIntegrations: Step = {
  name: 'set-up-integrations',
  changesDirectory: false,

  async run(context) {
    const manager = await ensureManager(context);
    if (!manager.ok) return manager.error;
    const calendar = await ensureCalendar(context, manager.value);
    if (!calendar.ok) return calendar.error;
    const { highlevel, run, settings } = context;
    const pipelines = await listPipelines(highlevel.reader, ghlLocationIdOf(run));
    if (!pipelines.ok) return failForHighlevel(pipelines.error, 'listing the pipelines');
    const pipeline = pipelines.value.find(({ name }) => name === settings.pipelineName);
    return {
      kind: 'succeeded',
      output: { managerUserId: manager.value, calendarId: calendar.value, pipelineId: pipeline?.id ?? null },
      tasks: listPersonTasks(context),
    };
  },

  async check(context) {
    const [manager, calendar, pipeline] = await Promise.all([
      checkManager(context),
      checkCalendar(context),
      checkPipeline(context),
    ]);
    if (!manager.ok) return manager;
    if (!calendar.ok) return calendar;
    if (!pipeline.ok) return pipeline;
    return ok([...manager.value, ...calendar.value, ...pipeline.value]);
  },

  /** Takes away the calendar and the user that this run made, and this sub-account from a user that was there before. */
  async undo(context) {
    const calendar = await removeCalendar(context);
    if (calendar) return calendar;
    return removeManager(context);
  },
};

async function checkPipeline({ highlevel, settings, ghlLocationId }: CheckContext) {
  const name = settings.pipelineName;
  const none: Finding[] = [];
  if (name === null) return ok(none);
  const pipelines = await listPipelines(highlevel.reader, ghlLocationId);
  if (!pipelines.ok) return pipelines;
  const isThere = pipelines.value.some((pipeline) => pipeline.name === name);
  const detail = isThere ? 'The pipeline is there.' : 'There is no pipeline of this name.';
  const finding: Finding = { check: 'pipeline', name, status: isThere ? 'ok' : 'missing', detail };
  return ok([finding]);
}

function listPersonTasks({ deps, row, run, settings }: StepContext) {
  const facts = makeFacts({ deps, locationId: locationIdOf(run), ghlLocationId: ghlLocationIdOf(run) });
  return settings.personTasks.map(({ link, ...task }) => ({
    ...task,
    link: link === null ? null : fillTemplate(link, row, facts),
  }));
}
