// npm run scale-up: moves a brand's locations, leads, routing logs and capacity from its own Postgres into Switchyard's. docs/scale-up.md
// is the runbook.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgressBar, type ProgressBar } from '../../local/demo/progress-bar.ts';
import { formatTable } from '../../local/demo/table.ts';
import { PROJECT } from '../../local/stack/local-folder.ts';
import { dryRun } from './dry-run.ts';
import { describeFailure, Refusal } from './refusal.ts';
import { replayLeads } from './replay.ts';
import { STEP_TITLES, STEPS, type Happening } from './run.ts';
import { rollBackScaleUp, scaleUp, type Moved, type ScaleUpOptions } from './scale-up.ts';
import { KINDS, parseSourceMap, type SourceMap } from './source-layout.ts';
import { fingerprintOf } from './state-file.ts';

const USAGE = `npm run scale-up -- --from URL --to URL
  --dry-run                     what would happen, and how long it may take; writes nothing
  --map FILE.json               other names of tables, columns and statuses
  --on-bad-rows continue|stop   put rows that break a rule aside (the default), or stop at them
  --state FOLDER                where the backup and the state lie
  --roll-back                   back to the state before the move
  --replay FILE                 writes the leads that a roll back kept into the source (with --from alone)
PERSON_HASH_KEY is the router's own.`;
const MIN_KEY_LENGTH = 32;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      map: { type: 'string' },
      state: { type: 'string' },
      replay: { type: 'string' },
      'on-bad-rows': { type: 'string', default: 'continue' },
      'dry-run': { type: 'boolean', default: false },
      'roll-back': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const map = readMap(values.map);
  const from = readUrl('--from', values.from);
  if (values.replay !== undefined) {
    const { replayed, known } = await replayLeads({ from, file: values.replay, map });
    return console.log(`${replayed} leads were written into the source; ${known} were there.`);
  }
  const to = readUrl('--to', values.to);
  if (values['dry-run']) return showPlan(await dryRun({ from, to, map }));
  const folder = values.state ?? join(PROJECT, '.local', 'scale-up', `${fingerprintOf(from)}-${fingerprintOf(to)}`);
  const options: ScaleUpOptions = {
    from,
    to,
    map,
    folder,
    personHashKey: readKey(),
    onBadRows: readChoice(values['on-bad-rows']),
    happened: createTeller(),
  };
  if (values['roll-back']) return showRollBack(options);
  console.log(`The backup and the state are in ${folder}`);
  showMoved(await scaleUp(options));
}

function readUrl(name: string, url: string | undefined): string {
  if (url === undefined) throw new Refusal(`${name} is missing.\n${USAGE}`);
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return url;
  throw new Refusal(`${name} must look like postgres://user:password@host/database.`);
}

function readKey(): string {
  const key = process.env['PERSON_HASH_KEY'] ?? '';
  if (key.length >= MIN_KEY_LENGTH) return key;
  throw new Refusal(
    `PERSON_HASH_KEY must be set to the router's own, of ${MIN_KEY_LENGTH} or more characters: with another key nobody is recognised.`,
  );
}

function readChoice(text: string): 'continue' | 'stop' {
  if (text === 'continue' || text === 'stop') return text;
  throw new Refusal('--on-bad-rows is continue or stop.');
}

function readMap(file: string | undefined): SourceMap {
  if (file === undefined) return {};
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Refusal(`${file} is no JSON file that can be read.`);
  }
  return parseSourceMap(json);
}

/** A line for each step and, where rows are counted, a bar. */
function createTeller(): (happening: Happening) => void {
  let bar: ProgressBar | null = null;
  let shown = 0;
  return ({ step, what, rows = 0, total = 0 }) => {
    const title = STEP_TITLES[step];
    if (what === 'begun') {
      console.log(`${STEPS.indexOf(step) + 1}/${STEPS.length} ${title}`);
      bar = null;
      shown = 0;
    }
    if (what !== 'rows' || total === 0) return;
    if (rows < shown) bar = null;
    bar ??= createProgressBar({ what: title, total });
    shown = rows;
    bar.advanceTo(rows, total);
  };
}

function showPlan({ kinds, estimatedSeconds }: Awaited<ReturnType<typeof dryRun>>): void {
  const rows = kinds.map(({ kind, rows: count, bad }) => [kind, count, bad.reduce((sum, each) => sum + each.rows, 0)]);
  console.log(formatTable([['table', 'rows', 'would be put aside'], ...rows]));
  for (const { kind, bad } of kinds) {
    for (const { reason, rows: count, oldIds } of bad)
      console.log(`  ${kind}: ${reason}, ${count} rows, such as ${oldIds.join(', ')}`);
  }
  console.log(
    `Steps: ${STEPS.map((step) => STEP_TITLES[step]).join(', ')}. About ${estimatedSeconds} s. Nothing was written.`,
  );
}

function showMoved({ stepMs, verified, quarantined }: Moved): void {
  console.log(
    `\n${formatTable([['step', 'seconds'], ...STEPS.map((step) => [STEP_TITLES[step], ((stepMs[step] ?? 0) / 1000).toFixed(1)])])}`,
  );
  const rows = KINDS.map((kind) => `${verified.rows[kind]} ${kind}`);
  console.log(`Verified, by table and month: ${rows.join(', ')}.`);
  if (verified.unevenDays > 0)
    console.log(
      `On ${verified.unevenDays} days the source counted other seats than it had leads; they are as it counted them.`,
    );
  if (quarantined.length === 0) console.log('No row was put aside.');
  for (const { kind, reason, rows: count, oldIds } of quarantined) {
    console.log(`Put aside in scale_up_quarantine: ${kind}, ${reason}, ${count} rows, such as ${oldIds.join(', ')}`);
  }
  console.log('Switched over: the source takes no writes any more. The way back: the same command with --roll-back.');
}

async function showRollBack(options: ScaleUpOptions): Promise<void> {
  const { tables, kept, file } = await rollBackScaleUp(options);
  for (const { kind, restored, arrived } of tables) {
    console.log(`${kind}: ${restored} rows put back from the backup; ${arrived} came since and stay.`);
  }
  console.log(
    kept === 0
      ? 'No lead was in Switchyard alone.'
      : `${kept} leads were in Switchyard alone: ${file} keeps them, and --replay writes them into the source.`,
  );
  console.log('The source takes writes again; the target is empty.');
}

main().catch((error: unknown) => {
  console.error(`scale-up: ${describeFailure(error)}`);
  process.exitCode = 1;
});
