import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports processor time in ticks of 10 ms. */
const TICK_MICROS = 10_000;

export type Part = 'workerd' | 'postgres' | 'neonHttp' | 'redis' | 'upstashRedis' | 'qstash' | 'loadGenerator';
export type ProcessorTime = Partial<Record<Part, number>>;

const signs: readonly (readonly [Part, RegExp])[] = [
  ['neonHttp', /neon-http\/main/],
  ['upstashRedis', /upstash-redis\/main/],
  ['qstash', /qstash\/main/],
  ['loadGenerator', /bench\/load-generator/],
  ['workerd', /workerd/],
  ['redis', /redis-server|valkey-server/],
  ['postgres', /postgres/],
];

/** Processor time so far of everything this process has started, in microseconds by part. Empty where there is no /proc. */
export function readProcessorTime(): ProcessorTime {
  const processes = readProcesses();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const total: ProcessorTime = {};
  for (const { pid, command, micros } of processes) {
    const part = signs.find(([, sign]) => sign.test(command))?.[0];
    if (part && isOurs(pid, parents)) total[part] = (total[part] ?? 0) + micros;
  }
  return total;
}

function isOurs(pid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
    if (at === process.pid) return true;
  }
  return false;
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly micros: number;
}

function readProcesses(): ProcessRow[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(readProcess);
  } catch {
    return [];
  }
}

/** proc(5): after the name in parentheses come state, parent, and as 12th to 15th the ticks of the process and its ended children. */
function readProcess(pid: string): ProcessRow[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return [{ pid: Number(pid), parent: Number(fields[1]), command, micros: ticks * TICK_MICROS }];
  } catch {
    return [];
  }
}

/** What was spent between two readings. */
export function subtractTime(after: ProcessorTime, before: ProcessorTime): ProcessorTime {
  const spent = Object.entries(after).map(([part, micros]) => [part, micros - (before[part as Part] ?? 0)] as const);
  return Object.fromEntries(spent);
}
