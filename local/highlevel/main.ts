// Runs the HighLevel sandbox as a process of its own. Environment: FILE, AGENCY_TOKEN, CLIENT_ID, CLIENT_SECRET,
// SIGNING_KEY (Ed25519, PKCS #8 in base64), PORT (from the table of ports unless given), SETTINGS (JSON, what a new or reset
// sandbox begins with).

import * as z from 'zod';
import { ports } from '../ports.ts';
import { runStandIn } from '../stand-in-process.ts';
import { startSandbox } from './server.ts';

const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(ports.highlevel),
  FILE: z.string().min(1),
  AGENCY_TOKEN: z.string().min(1),
  CLIENT_ID: z.string().min(1),
  CLIENT_SECRET: z.string().min(1),
  SIGNING_KEY: z.string().min(1),
  SETTINGS: z
    .string()
    .default('{}')
    .transform((text, context) => {
      try {
        return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
      } catch {
        context.addIssue({ code: 'custom', message: 'not a JSON object' });
        return z.NEVER;
      }
    }),
});

await runStandIn(() => {
  const environment = environmentSchema.safeParse(process.env);
  if (!environment.success) {
    const names = environment.error.issues.map(({ path }) => path.join('.'));
    throw new Error(`HighLevel sandbox: missing or invalid environment: ${names.join(', ')}`);
  }
  const { PORT, FILE, AGENCY_TOKEN, CLIENT_ID, CLIENT_SECRET, SIGNING_KEY, SETTINGS } = environment.data;
  return startSandbox({
    port: PORT,
    file: FILE,
    credentials: {
      agencyToken: AGENCY_TOKEN,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      signingKey: SIGNING_KEY,
    },
    settings: SETTINGS,
  });
});
