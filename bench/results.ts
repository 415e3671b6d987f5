import type { CpuReport } from './pure-cpu.ts';
import type { Measurements } from './measure.ts';
import type { ProcessorTime } from './processor-time.ts';
import { LEADS_PER_BATCH } from './scenarios.ts';
import { findRatioPerRound } from './statistics.ts';

export interface Results {
  readonly leads: {
    readonly p50RatioToFloor: number;
    readonly throughputRatioToFloor: number;
    /** Of all parts but the load generator, per lead, what it sets off included. */
    readonly processorTimeRatioToFloor: number;
  };
  readonly batch: { readonly leadsPerRequest: number; readonly leadThroughputRatioToLeads: number };
  readonly nearby: {
    readonly throughputRatioToBare: number;
    /** The look-up alone, by number of locations. */
    readonly p50Micros: Readonly<Record<string, number>>;
  };
  readonly preview: { readonly throughputRatioToBare: number };
  readonly webhook: { readonly throughputRatioToFloor: number };
  /** By number of locations. */
  readonly decide: { readonly p50Micros: Readonly<Record<string, number>> };
  /** By number of locations: its memory; made from rows; made from the one before and one changed location. */
  readonly directory: {
    readonly megabytes: Readonly<Record<string, number | null>>;
    readonly buildMs: Readonly<Record<string, number>>;
    readonly refreshMs: Readonly<Record<string, number>>;
  };
}

export interface Judgement {
  readonly what: string;
  readonly measured: number;
  readonly target: string;
  readonly met: boolean;
}

/** Ratios are taken within each round; what is given is the median of them. */
export function computeResults(all: Measurements, cpu: Readonly<Record<string, CpuReport>>): Results {
  const { leads, batch, webhook, insert, bare, nearby, preview } = all;
  const bySize = <T>(pick: (report: CpuReport) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(cpu).map(([size, report]) => [size, pick(report)]));
  const toBare = (requestsPerSecond: readonly number[]): number =>
    findRatioPerRound(requestsPerSecond, bare.requestsPerSecond);
  return {
    leads: {
      p50RatioToFloor: findRatioPerRound(leads.p50Ms, insert.p50Ms),
      throughputRatioToFloor: findRatioPerRound(leads.requestsPerSecond, insert.requestsPerSecond),
      processorTimeRatioToFloor: sumOfParts(leads.processorMicros) / sumOfParts(insert.processorMicros),
    },
    batch: {
      leadsPerRequest: LEADS_PER_BATCH,
      leadThroughputRatioToLeads: LEADS_PER_BATCH * findRatioPerRound(batch.requestsPerSecond, leads.requestsPerSecond),
    },
    nearby: {
      throughputRatioToBare: toBare(nearby.requestsPerSecond),
      p50Micros: bySize(({ findNearest }) => findNearest.p50Micros),
    },
    preview: { throughputRatioToBare: toBare(preview.requestsPerSecond) },
    webhook: { throughputRatioToFloor: findRatioPerRound(webhook.requestsPerSecond, insert.requestsPerSecond) },
    decide: { p50Micros: bySize(({ decide }) => decide.p50Micros) },
    directory: {
      megabytes: bySize(({ directoryMegabytes }) => directoryMegabytes),
      buildMs: bySize(({ buildDirectoryMs }) => buildDirectoryMs),
      refreshMs: bySize(({ refreshDirectoryMs }) => refreshDirectoryMs),
    },
  };
}

function sumOfParts({ loadGenerator: _ofTheBench, ...parts }: ProcessorTime): number {
  return Object.values(parts).reduce((sum, micros) => sum + micros, 0);
}

/** The targets, each with what was measured. */
export function judgeResults({ leads, nearby, preview, webhook, decide }: Results): Judgement[] {
  const decideMicros = (size: string): number => decide.p50Micros[size] ?? Number.NaN;
  return [
    atMost('leads: p50 / floor', leads.p50RatioToFloor, 1.3),
    atLeast('leads: throughput / floor', leads.throughputRatioToFloor, 0.8),
    atLeast('nearby: throughput / bare', nearby.throughputRatioToBare, 0.8),
    atLeast('preview: throughput / bare', preview.throughputRatioToBare, 0.8),
    atLeast('webhook: throughput / floor', webhook.throughputRatioToFloor, 0.7),
    atMost('decide: p50 µs at 10,000', decideMicros('10000'), 50),
    atMost('decide: p50 µs at 100,000', decideMicros('100000'), 100),
  ];
}

function atMost(what: string, measured: number, bound: number): Judgement {
  return { what, measured, target: `<= ${bound}`, met: measured <= bound };
}

function atLeast(what: string, measured: number, bound: number): Judgement {
  return { what, measured, target: `>= ${bound}`, met: measured >= bound };
}
