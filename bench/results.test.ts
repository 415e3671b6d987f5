import { describe, expect, it } from 'vitest';
import { computeResults, judgeResults } from './results.ts';
import { scenarioNames, type ScenarioName } from './scenarios.ts';
import type { Measurements } from './measure.ts';
import type { ProcessorTime } from './processor-time.ts';

const micros: Partial<Record<ScenarioName, ProcessorTime>> = {
  insert: { workerd: 300, postgres: 100, loadGenerator: 50 },
  leads: { workerd: 350, postgres: 200, qstash: 50, loadGenerator: 90 },
};

function measured(numbers: Partial<Record<ScenarioName, { p50Ms: number; requestsPerSecond: number }>>): Measurements {
  const entries = scenarioNames.map((name) => {
    const { p50Ms, requestsPerSecond } = numbers[name] ?? { p50Ms: 1, requestsPerSecond: 1000 };
    return [
      name,
      { p50Ms: [p50Ms], requestsPerSecond: [requestsPerSecond], processorMicros: micros[name] ?? {}, statuses: {} },
    ];
  });
  return Object.fromEntries(entries) as Measurements;
}

const cpuOf = (p50Micros: number) => ({
  decide: { p50Micros, p99Micros: p50Micros },
  findNearest: { p50Micros, p99Micros: p50Micros },
  buildDirectoryMs: 3,
  refreshDirectoryMs: 2,
  directoryMegabytes: 1,
});

describe('the results of a run', () => {
  const results = computeResults(
    measured({
      insert: { p50Ms: 2, requestsPerSecond: 1000 },
      leads: { p50Ms: 3, requestsPerSecond: 850 },
      bare: { p50Ms: 1, requestsPerSecond: 4000 },
      nearby: { p50Ms: 1, requestsPerSecond: 3600 },
      preview: { p50Ms: 1, requestsPerSecond: 1000 },
      webhook: { p50Ms: 1, requestsPerSecond: 690 },
      batch: { p50Ms: 9, requestsPerSecond: 34 },
    }),
    { '10000': cpuOf(40), '100000': cpuOf(120) },
  );

  it('are leads against the floor, and nearby and preview against the bare Worker', () => {
    expect(results).toEqual({
      leads: { p50RatioToFloor: 1.5, throughputRatioToFloor: 0.85, processorTimeRatioToFloor: 1.5 },
      batch: { leadsPerRequest: 50, leadThroughputRatioToLeads: 2 },
      nearby: { throughputRatioToBare: 0.9, p50Micros: { '10000': 40, '100000': 120 } },
      preview: { throughputRatioToBare: 0.25 },
      webhook: { throughputRatioToFloor: 0.69 },
      decide: { p50Micros: { '10000': 40, '100000': 120 } },
      directory: {
        megabytes: { '10000': 1, '100000': 1 },
        buildMs: { '10000': 3, '100000': 3 },
        refreshMs: { '10000': 2, '100000': 2 },
      },
    });
  });

  it('are judged one by one', () => {
    expect(judgeResults(results).map(({ met }) => met)).toEqual([false, true, true, false, false, true, false]);
  });

  it('a size that was not measured meets no target', () => {
    expect(
      judgeResults({ ...results, decide: { p50Micros: {} } })
        .map(({ met }) => met)
        .slice(5),
    ).toEqual([false, false]);
  });
});
