import { localPaths } from './local-folder.ts';
import type { StackFile } from './stack-file.ts';

/** What a person needs to use the stack that has just come up. The key is this checkout's own and opens nothing else. */
export function describeStack(stack: StackFile): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['edge router', stack.edge],
    ['console', stack.console],
    ['n8n', stack.n8n],
    ['  log in as', stack.n8nEmail && `${stack.n8nEmail}  ${stack.n8nPassword ?? ''}`],
    ['HighLevel sandbox', stack.highlevel],
    ['API key', stack.apiKey],
    ['postgres', `psql ${stack.postgres}`],
    ['redis', `redis-cli -p ${stack.redisPort}`],
    ['QStash', stack.qstash],
    ['all of it, as JSON', localPaths.stack],
    ['logs', localPaths.logs],
    ['stop', 'Ctrl-C here, or npm run stop'],
  ];
  const shown = rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(20)}${value}`]));
  return `\nSwitchyard runs.\n${shown.join('\n')}`;
}
