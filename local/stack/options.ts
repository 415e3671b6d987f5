import { parseArgs } from 'node:util';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

export type StartOptions = {
  readonly action: 'serve' | 'stop';
  readonly withDemo: boolean;
  readonly withN8n: boolean;
};

/** The command line of `npm start`, or one line that says what is wrong with it. */
export function parseStartOptions(args: readonly string[]): Result<StartOptions, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'no-demo': { type: 'boolean', default: false },
        'no-n8n': { type: 'boolean', default: false },
        stop: { type: 'boolean', default: false },
      },
    });
    return ok({
      action: values.stop ? 'stop' : 'serve',
      withDemo: !values['no-demo'],
      withN8n: !values['no-n8n'],
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return err(`${error.message.split('. ')[0]}. npm start takes: --no-demo, --no-n8n, --stop.`);
  }
}
