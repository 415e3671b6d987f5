// npm run demo: brings the examples' locations on, or imports others, then sends leads, over the HTTP API of the running stack like anybody else.
import { writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { localPaths } from '../stack/local-folder.ts';
import { readStackFile } from '../stack/stack-file.ts';
import type { StackFile } from '../stack/stack-file.ts';
import { bringOnExamples } from './bring-on-examples.ts';
import { createEdgeClient, describeProblem } from './edge-client.ts';
import type { EdgeClient } from './edge-client.ts';
import { importCsv, importLocations, readCsvFile } from './import-files.ts';
import { makeLead } from './make-lead.ts';
import type { DemoLead } from './make-lead.ts';
import { drawMap } from './map.ts';
import { parseDemoOptions } from './options.ts';
import type { DemoOptions } from './options.ts';
import { readPlaces } from './places.ts';
import { createProgressBar } from './progress-bar.ts';
import { hashToSeed } from './random.ts';
import { describeOutcomes } from './report.ts';
import { sendLeads } from './send-leads.ts';
import type { LeadOutcome } from './send-leads.ts';

const LOOK_UP_TIMEOUT_MS = 10_000;

const storedLeadSchema = z.object({ decision: z.object({ reason: z.string() }) });

const result = await demonstrate(process.argv.slice(2));
if (!result.ok) {
  console.error(result.error);
  process.exitCode = 1;
}

async function demonstrate(args: readonly string[]): Promise<Result<null, string>> {
  const options = parseDemoOptions(args);
  if (!options.ok) return options;
  const stack = readStackFile();
  if (!stack.ok) return stack;
  const locations = readCsvFile(options.value.locations);
  if (!locations.ok) return locations;

  const client = createEdgeClient(stack.value);
  const brought = options.value.isExamples
    ? await bringOnExamples(client, stack.value)
    : await importLocations(client, locations.value);
  if (!brought.ok) return brought;
  const imported = await importTerritories(client, options.value.territories);
  if (!imported.ok) return imported;
  const seed = options.value.seed ?? hashToSeed(locations.value);
  const { leads, outcomes } = await sendAll(client, { ...options.value, seed });
  console.log(describeOutcomes(outcomes));
  const failed = outcomes.filter(({ kind }) => kind === 'failed').length;
  if (failed > 0) return err(`${failed} of ${outcomes.length} leads failed.`);
  const { map } = options.value;
  if (map !== null) {
    const drawn = await drawMap(client, { leads, outcomes });
    if (!drawn.ok) return drawn;
    writeFileSync(map, drawn.value);
    console.log(`\nThe map of them: ${map}`);
  }
  return explainOne(client, { stack: stack.value, outcomes });
}

async function importTerritories(client: EdgeClient, territories: string | null): Promise<Result<null, string>> {
  if (territories === null) return ok(null);
  const text = readCsvFile(territories);
  if (!text.ok) return text;
  return importCsv(client, { path: '/v1/territories/import?publish=true', what: 'territories', text: text.value });
}

async function sendAll(
  client: EdgeClient,
  options: DemoOptions & { seed: number },
): Promise<{ leads: DemoLead[]; outcomes: LeadOutcome[] }> {
  const { leads: count, concurrency, seed } = options;
  const places = readPlaces();
  console.log(`  ${count} leads from ${places.basis} (seed ${seed}, ${concurrency} at a time)`);
  const leads = Array.from({ length: count }, (_, number) => makeLead({ seed, number }, places));
  const bar = createProgressBar({ what: 'leads', total: count });
  const startedMs = performance.now();
  const outcomes = await sendLeads(client, { leads, concurrency, onOutcome: bar.advance });
  console.log(`✓ ${count} leads answered  ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return { leads, outcomes };
}

/** Looks one assigned lead up again, and shows how. */
async function explainOne(
  client: EdgeClient,
  { stack, outcomes }: { stack: StackFile; outcomes: readonly LeadOutcome[] },
): Promise<Result<null, string>> {
  const example = outcomes.find((outcome) => outcome.kind === 'routed' && outcome.lead.status === 'assigned');
  if (example?.kind !== 'routed') return ok(null);
  const path = `/v1/leads/${example.lead.leadId}`;
  const answer = await client.send({ path, timeoutMs: LOOK_UP_TIMEOUT_MS });
  if (!answer.ok) return err(`A lead just routed could not be looked up. ${describeProblem(answer.error)}`);
  const { decision } = storedLeadSchema.parse(answer.value);
  console.log(`\nWhy one of them went to ${example.lead.location?.name ?? 'its location'}:\n  ${decision.reason}`);
  console.log('\nAsk for all of it:');
  console.log(`  KEY=$(node -p "require('${localPaths.stack}').apiKey") EDGE=${stack.edge}`);
  console.log(`  curl -H "Authorization: Bearer $KEY" $EDGE${path}`);
  return ok(null);
}
