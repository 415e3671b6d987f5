// A process of its own: what it measures is the processor's work alone, and its heap holds nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decide } from '../edge-router/src/leads/rules/decide.ts';
import {
  applyDirectoryChange,
  buildDirectory,
  type Directory,
  type DirectoryLocation,
} from '../edge-router/src/locations/rules/directory.ts';
import { findNearest } from '../edge-router/src/locations/rules/geo-index.ts';
import { readPostalCodes, type PostalCodes } from '../edge-router/src/locations/rules/postal-codes.ts';
import { testDirectory, testLocation, testRules } from '../edge-router/src/testing/test-directory.ts';
import { readPlaces, scatterPoints, type Place } from './places.ts';
import { findMedian, findPercentile } from './statistics.ts';

const POSTAL_CODES = join(import.meta.dirname, '../edge-router/build/postal-codes.bin');
const WARM_UP_CALLS = 3000;
const BUILDS = 5;

export interface CpuOrder {
  readonly locations: number;
  readonly calls: number;
}

export interface CpuReport {
  readonly decide: { readonly p50Micros: number; readonly p99Micros: number };
  readonly findNearest: { readonly p50Micros: number; readonly p99Micros: number };
  readonly buildDirectoryMs: number;
  /** What a refresh computes when one location has changed. No request waits for it. */
  readonly refreshDirectoryMs: number;
  /** Null unless Node runs with --expose-gc. */
  readonly directoryMegabytes: number | null;
}

process.on('message', (order: CpuOrder) => process.send?.(measureCpu(order)));

function measureCpu({ locations, calls }: CpuOrder): CpuReport {
  const places = readPlaces();
  const postalCodes = readPostalCodes(toArrayBuffer(readFileSync(POSTAL_CODES)));
  const data = {
    ...versions,
    locations: makeLocations(places, locations),
    territories: [],
    rules: testRules,
    apiKeys: [],
  };
  const builds = Array.from({ length: BUILDS }, () => measureMs(() => buildDirectory(data)));
  const before = measureMemory();
  const directory = testDirectory({ locations: makeLocations(places, locations) });
  const after = measureMemory();
  return {
    decide: measureCalls(calls, (number) =>
      decideOne({ directory, postalCodes, place: places[number % places.length] }),
    ),
    findNearest: measureCalls(calls, (number) => {
      const place = places[number % places.length];
      if (place) findNearest({ index: directory.geoIndex, coordinates: place.coordinates, limit: 10, radiusMiles: 50 });
    }),
    buildDirectoryMs: findMedian(builds),
    refreshDirectoryMs: findMedian(measureRefreshes(directory)),
    directoryMegabytes: before === null || after === null ? null : (after - before) / 1_048_576,
  };
}

function makeLocations(places: readonly Place[], count: number): DirectoryLocation[] {
  return scatterPoints(places, count).map((place, number) =>
    testLocation(number, { ...place, services: ['drain-cleaning'] }),
  );
}

function measureRefreshes(directory: Directory): number[] {
  const [changed] = directory.activeLocations;
  if (!changed) return [];
  const change = { ...versions, version: 2, changedLocations: [{ ...changed, dailyCap: 1 }] };
  return Array.from({ length: BUILDS }, () => measureMs(() => applyDirectoryChange(directory, change)));
}

const versions = { version: 1, territoriesVersion: 1, rulesVersion: 1, keysVersion: 1 };

function decideOne(parts: { directory: Directory; postalCodes: PostalCodes; place: Place | undefined }): void {
  const { directory, postalCodes, place } = parts;
  if (!place) return;
  const { postalCode, city, state } = place;
  const question = { namedLocation: null, coordinates: null, postalCode, city, state, service: 'drain-cleaning' };
  const knowledge = { stickyLocationId: null, refusals: new Map() };
  decide({ question, directory, postalCodes, knowledge, notes: [], nowMs: 0, usedToday: () => null });
}

/** Numbers are spread by a prime, so that neighbouring calls are not about neighbouring places. */
function measureCalls(calls: number, call: (number: number) => void): { p50Micros: number; p99Micros: number } {
  for (let number = 0; number < WARM_UP_CALLS; number++) call(number * 7919);
  const micros = new Float64Array(calls);
  for (let number = 0; number < calls; number++) micros[number] = measureMs(() => call(number * 7919)) * 1000;
  return { p50Micros: findMedian(micros), p99Micros: findPercentile(micros, 0.99) };
}

function measureMs(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

function measureMemory(): number | null {
  if (!globalThis.gc) return null;
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
