import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PS_TIMEOUT_MS = 5000;
/** Field 22 of proc_pid_stat(5), counted from the field after the name, which may itself hold spaces and brackets. */
const START_TIME_FIELD = 19;

/**
 * Tells this process from a later one with the same number: when it started, as the system words it. Null when it is gone; a
 * process that has ended but is not yet waited for counts as gone.
 */
export function identifyProcess(pid: number): string | null {
  return process.platform === 'linux' ? readProc(pid) : askPs(pid);
}

function readProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? null : (fields[START_TIME_FIELD - 1] ?? null);
  } catch {
    return null;
  }
}

function askPs(pid: number): string | null {
  const { stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'lstart='], {
    encoding: 'utf8',
    timeout: PS_TIMEOUT_MS,
  });
  return stdout?.trim() || null;
}
