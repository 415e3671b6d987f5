import { cpus, loadavg, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly processors: number;
  readonly processorModel: string;
  readonly memoryGigabytes: number;
  readonly platform: string;
  readonly node: string;
  readonly postgres: string;
  /** Load averages of one minute. Well above zero before a run: something else was at work. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

export function readLoad(): number {
  return loadavg()[0] ?? 0;
}

export function describeMachine(known: Pick<Machine, 'postgres' | 'loadBefore'>): Machine {
  const processors = cpus();
  return {
    processors: processors.length,
    processorModel: processors[0]?.model ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${release()}`,
    node: process.version,
    loadAfter: readLoad(),
    ...known,
  };
}
