import * as z from 'zod';
import { randomText, routerSecretMakers } from '../router-environment.ts';
import { readJsonFile, writePrivateFile } from './private-file.ts';

/** A new name here is made at the next start; the others stay as they are. */
const makers = {
  ...routerSecretMakers,
  apiKey: () => `swy_${randomText()}`,
  n8nEncryptionKey: randomText,
  // n8n asks for a capital letter and a digit, and takes 64 characters.
  n8nPassword: () => `Swy1-${randomText()}`,
  n8nRunnersToken: randomText,
  redisReadOnlyToken: randomText,
} as const;

export type LocalSecrets = Readonly<Record<keyof typeof makers, string>>;

const fileSchema = z.record(z.string(), z.string());

/** This checkout's own secrets: made once at random, then always the same. Throws one clear line when `file` is no such file. */
export function provideSecrets(file: string): LocalSecrets {
  const known = readKnown(file);
  const secrets = Object.fromEntries(
    Object.entries(makers).map(([name, make]) => [name, known[name] ?? make()] as const),
  ) as LocalSecrets;
  writePrivateFile(file, { ...known, ...secrets });
  return secrets;
}

function readKnown(file: string): Record<string, string> {
  const found = readJsonFile(file);
  if (found === null) return {};
  const parsed = fileSchema.safeParse(found.content);
  if (!parsed.success) throw new Error(`${file} is damaged: npm run reset clears it, with all local data.`);
  return parsed.data;
}
