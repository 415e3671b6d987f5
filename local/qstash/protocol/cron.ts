import { Cron } from 'croner';
import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';

type CronExpression = {
  /** The next minute that matches, strictly after `afterMs`; undefined when there is none. */
  readonly nextAfterMs: (afterMs: number) => number | undefined;
};

/** Five fields in UTC, or in the zone of a `CRON_TZ=Area/City ` prefix. */
export function parseCron(source: string): Result<CronExpression, string> {
  const [, timezone = 'UTC', pattern = ''] = /^(?:CRON_TZ=(\S+)\s+)?(.*)$/.exec(source.trim()) ?? [];
  if (pattern.split(/\s+/).length !== 5) return err(`expected exactly 5 fields: [${pattern}]`);
  try {
    const cron = new Cron(pattern, { timezone, paused: true, mode: '5-part' });
    cron.nextRun();
    return ok({ nextAfterMs: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() });
  } catch (cause) {
    // Croner and Intl throw for what is written wrongly; a wrong zone shows itself only when a time is asked for.
    return err(cause instanceof Error ? cause.message : String(cause));
  }
}
