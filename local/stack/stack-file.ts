import * as z from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { localPaths } from './local-folder.ts';
import { readJsonFile, writePrivateFile } from './private-file.ts';
import { findRunningStack } from './running-stack.ts';

/** What runs where, for the demonstration and for people's own scripts. A part that does not run is left out. */
const stackSchema = z.object({
  edge: z.url(),
  apiKey: z.string(),
  qstash: z.url(),
  qstashToken: z.string(),
  redis: z.url(),
  redisToken: z.string(),
  redisPort: z.int(),
  postgres: z.string(),
  neonHttp: z.url(),
  console: z.url().optional(),
  highlevel: z.url(),
  highlevelCompanyId: z.string(),
  highlevelAgencyToken: z.string(),
  highlevelWebhookPublicKey: z.string(),
  n8n: z.url().optional(),
  n8nEmail: z.string().optional(),
  n8nPassword: z.string().optional(),
  pids: z.record(z.string(), z.int()),
  startedAt: z.iso.datetime(),
});

export type StackFile = z.output<typeof stackSchema>;

export function writeStackFile(stack: StackFile): void {
  writePrivateFile(localPaths.stack, stack);
}

/** The stack that runs now, or the one line that says why there is none to talk to. */
export function readStackFile(): Result<StackFile, string> {
  if (findRunningStack() === null) return err('No stack is running here: npm start starts one.');
  const parsed = stackSchema.safeParse(readJsonFile(localPaths.stack)?.content);
  return parsed.success ? ok(parsed.data) : err('The stack is still starting: try again in a moment.');
}
