import { z } from 'zod';
import { askSandbox } from './stack.ts';

const exportSchema = z.object({
  locations: z.array(z.object({ id: z.string(), name: z.string() })),
  users: z.array(z.object({ email: z.string() })),
});

/** Names of all sub-accounts of the sandbox: one that was made twice is there twice. */
export async function listSubAccounts(): Promise<string[]> {
  const { locations } = await askSandbox({ path: '/export' }, exportSchema);
  return locations.map(({ name }) => name);
}

/** Addresses of all users: a manager who was made twice is there twice. */
export async function listUsers(): Promise<string[]> {
  const { users } = await askSandbox({ path: '/export' }, exportSchema);
  return users.map(({ email }) => email);
}

export function findTwice(names: readonly string[]): string[] {
  return names.filter((name, place) => names.indexOf(name) !== place);
}
