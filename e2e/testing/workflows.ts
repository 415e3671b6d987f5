import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { PROJECT } from '../../local/stack/local-folder.ts';

/** Ids of the workflows in workflows-json/, which n8n keeps when it imports them. */
export const WORKFLOWS = {
  onboardFromCsv: 'switchyardOnboardFromCsv',
  onboardFromSheets: 'switchyardOnboardFromSheets',
  onboardInBulk: 'switchyardOnboardInBulk',
  rerunFailed: 'switchyardRerunFailed',
  approveThenActivate: 'switchyardApproveThenActivate',
  routeLead: 'switchyardRouteLead',
  alert: 'switchyardAlert',
  nightlyReport: 'switchyardNightlyReport',
} as const;

/** Under which n8n hears events: `webhookId` of the triggers. */
export const TRIGGER_IDS = { alert: 'dbb7f0ff-c621-5bcb-a8f7-c2fc4563a925' } as const;

/** The nodes of a location's seven steps, in their order. */
export const STEP_NODES = [
  'Create Location Record',
  'Create Sub-Account',
  'Apply Snapshot',
  'Configure Automations',
  'Set Up Integrations',
  'Verify Setup',
  'Activate Location',
] as const;

const fileSchema = z.object({ id: z.string(), name: z.string(), nodes: z.array(z.object({ type: z.string() })) });

/** Each file of workflows-json/, and how many nodes its canvas has besides the notes. */
export const WORKFLOW_FILES = globSync('*.json', { cwd: join(PROJECT, 'workflows-json') })
  .toSorted()
  .map((file) => {
    const {
      id,
      name: title,
      nodes,
    } = fileSchema.parse(JSON.parse(readFileSync(join(PROJECT, 'workflows-json', file), 'utf8')));
    const count = nodes.filter(({ type }) => type !== 'n8n-nodes-base.stickyNote').length;
    return { id, title, file: basename(file, '.json'), nodes: count };
  });
