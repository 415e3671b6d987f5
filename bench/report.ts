import { formatTable } from '../local/demo/table.ts';
import type { Machine } from './machine.ts';
import type { Measurements } from './measure.ts';
import type { Part } from './processor-time.ts';
import type { CpuReport } from './pure-cpu.ts';
import type { Judgement } from './results.ts';
import { scenarioNames, scenarioTitles } from './scenarios.ts';
import { findMedian } from './statistics.ts';

const parts: readonly Part[] = ['workerd', 'neonHttp', 'postgres', 'upstashRedis', 'redis', 'qstash', 'loadGenerator'];

/** What a run found, for a person: the targets first, then what they were made from. */
export function formatReport(found: {
  judgements: readonly Judgement[];
  measurements: Measurements;
  cpu: Readonly<Record<string, CpuReport>>;
  machine: Machine;
}): string {
  const { machine } = found;
  return [
    `${machine.processors} x ${machine.processorModel}, ${machine.memoryGigabytes} GB, ${machine.platform}, Node ${machine.node}, PostgreSQL ${machine.postgres}`,
    `load average ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after`,
    '',
    formatJudgements(found.judgements),
    '',
    formatMeasurements(found.measurements),
    '',
    'Processor time per request at 16 clients, microseconds (what a lead sets off is included)',
    formatProcessorTime(found.measurements),
    '',
    'Pure computation, one thread',
    formatCpu(found.cpu),
  ].join('\n');
}

function formatJudgements(judgements: readonly Judgement[]): string {
  const rows = judgements.map(({ what, measured, target, met }) => [
    what,
    Number(measured.toFixed(2)),
    target,
    met ? 'met' : 'NOT MET',
  ]);
  return formatTable([['target', 'measured', 'wanted', ''], ...rows]);
}

function formatMeasurements(all: Measurements): string {
  const rows = scenarioNames.map((name) => {
    const { p50Ms, requestsPerSecond, statuses } = all[name];
    const answers = Object.entries(statuses).map(([status, count]) => `${count} x ${status}`);
    return [
      scenarioTitles[name],
      Number(findMedian(p50Ms).toFixed(2)),
      Math.round(findMedian(requestsPerSecond)),
      answers.join(', '),
    ];
  });
  return formatTable([['', 'p50 ms (1 client)', 'per second (16 clients)', 'answers'], ...rows]);
}

function formatProcessorTime(all: Measurements): string {
  const rows = scenarioNames.map((name) => [
    scenarioTitles[name],
    ...parts.map((part) => Math.round(all[name].processorMicros[part] ?? 0)),
  ]);
  return formatTable([['', ...parts], ...rows]);
}

function formatCpu(cpu: Readonly<Record<string, CpuReport>>): string {
  const rows = Object.entries(cpu).map(([size, report]) => [
    Number(size),
    Number(report.decide.p50Micros.toFixed(1)),
    Number(report.decide.p99Micros.toFixed(1)),
    Number(report.findNearest.p50Micros.toFixed(1)),
    Number(report.buildDirectoryMs.toFixed(1)),
    Number(report.refreshDirectoryMs.toFixed(1)),
    Number((report.directoryMegabytes ?? 0).toFixed(1)),
  ]);
  return formatTable([
    ['locations', 'decide p50 µs', 'p99 µs', '10 nearest p50 µs', 'build directory ms', 'refresh ms', 'memory MB'],
    ...rows,
  ]);
}
