// npm run bench: what the router costs against the least that could do its work, all in one run. Nothing of it is kept running.
import { writeFileSync } from 'node:fs';
import { runAndStop, type OnStarted } from '../local/run-and-stop.ts';
import { describeMachine, readLoad } from './machine.ts';
import type { LoadOrder, LoadReport } from './load-generator.ts';
import { runRounds, warmUp } from './measure.ts';
import { parseBenchOptions, type BenchOptions } from './options.ts';
import { prepareData } from './prepare-data.ts';
import type { CpuOrder, CpuReport } from './pure-cpu.ts';
import { formatReport } from './report.ts';
import { computeResults, judgeResults } from './results.ts';
import { startBenchStack } from './stack.ts';
import { startAsked } from './worker-process.ts';

const CPU_SIZES = [100, 10_000, 100_000];

const options = parseBenchOptions(process.argv.slice(2));
if (!options.ok) {
  console.error(options.error);
  process.exit(1);
}
const asked = options.value;
process.exit(await runAndStop((onStarted) => measureAll(asked, onStarted)));

async function measureAll(options: BenchOptions, onStarted: OnStarted): Promise<number> {
  const loadBefore = readLoad();
  console.log(`starting a throwaway stack, ${options.locations} locations`);
  const stack = await startBenchStack(onStarted);
  const load = startAsked<LoadOrder, LoadReport>('load-generator.ts');
  onStarted(load.stop);
  const scene = { stack, load };
  await prepareData(scene, options.locations);
  await warmUp(scene);
  const measurements = await runRounds(scene, { ...options, log: console.log });
  console.log('pure computation');
  const cpu = await measurePureCpu(options.cpuCalls, onStarted);
  const { rows } = await stack.pool.query<{ server_version: string }>('show server_version');
  const machine = describeMachine({ loadBefore, postgres: rows[0]?.server_version ?? 'unknown' });
  const results = computeResults(measurements, cpu);
  console.log(`\n${formatReport({ judgements: judgeResults(results), measurements, cpu, machine })}`);
  if (options.jsonFile) {
    const all = { ...results, machine, options, raw: { measurements, cpu } };
    writeFileSync(options.jsonFile, `${JSON.stringify(all, null, 2)}\n`);
  }
  return 0;
}

async function measurePureCpu(calls: number, onStarted: OnStarted): Promise<Record<string, CpuReport>> {
  const cpu: Record<string, CpuReport> = {};
  for (const locations of CPU_SIZES) {
    const child = startAsked<CpuOrder, CpuReport>('pure-cpu.ts', { execArgv: ['--expose-gc'] });
    onStarted(child.stop);
    cpu[String(locations)] = await child.ask({ locations, calls });
    await child.stop();
  }
  return cpu;
}
