// Users of the agency and its sub-accounts. https://marketplace.gohighlevel.com/docs/ghl/users/
import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { credentialFor, type SpentFrom } from './credentials.ts';
import { id, listOf, optionalText, succeededSchema } from './fields.ts';

const userSchema = z.object({
  id,
  firstName: optionalText,
  lastName: optionalText,
  email: optionalText,
  phone: optionalText,
  roles: z
    .object({
      type: optionalText,
      role: optionalText,
      /** Null where the answer did not tell; to take that for none would take the user's sub-accounts away. */
      locationIds: z
        .array(z.string())
        .nullish()
        .transform((ids) => ids ?? null),
    })
    .nullish()
    .transform((roles) => roles ?? { type: null, role: null, locationIds: null }),
});
export type HighlevelUser = z.output<typeof userSchema>;

const usersAnswer = z.object({ users: listOf(userSchema) }).transform(({ users }) => users);

/** The agency's users with this e-mail, in whatever sub-accounts. */
export function findUsersByEmail(
  caller: HighlevelCaller,
  email: string,
): Promise<Result<HighlevelUser[], HighlevelError>> {
  return caller.send({
    endpoint: 'findUsersByEmail',
    credential: { kind: 'agency' },
    // Without it only ids and e-mails come.
    body: { companyId: caller.companyId, emails: email, projection: 'all' },
    answer: usersAnswer,
  });
}

export function searchUsers(
  caller: HighlevelCaller,
  search: {
    readonly spentFrom: SpentFrom;
    readonly ghlLocationId?: string;
    readonly query?: string;
    readonly skip?: number;
    readonly limit?: number;
  },
): Promise<Result<HighlevelUser[], HighlevelError>> {
  const { spentFrom, ghlLocationId, query, skip = 0, limit = 25 } = search;
  return caller.send({
    endpoint: 'searchUsers',
    credential: credentialFor(spentFrom),
    query: { companyId: caller.companyId, locationId: ghlLocationId, query, skip, limit },
    answer: usersAnswer,
  });
}

export interface NewHighlevelUser {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  /** Made for this call and kept nowhere: the user resets it. */
  readonly password: string;
  readonly phone?: string;
  readonly type: 'account' | 'agency';
  readonly role: 'admin' | 'user';
  readonly locationIds: readonly string[];
}

/** Not idempotent: look for the e-mail first, and after `unknown_outcome` again. */
export function createUser(
  caller: HighlevelCaller,
  { spentFrom, ...user }: NewHighlevelUser & { readonly spentFrom: SpentFrom },
): Promise<Result<HighlevelUser, HighlevelError>> {
  return caller.send({
    endpoint: 'createUser',
    credential: credentialFor(spentFrom),
    body: { companyId: caller.companyId, ...user },
    answer: userSchema,
  });
}

/** `locationIds` is the whole list: read it, add to it, send it. */
export function updateUser(
  caller: HighlevelCaller,
  given: {
    readonly userId: string;
    readonly spentFrom: SpentFrom;
    readonly firstName?: string;
    readonly lastName?: string;
    readonly phone?: string;
    readonly type?: 'account' | 'agency';
    readonly role?: 'admin' | 'user';
    readonly locationIds?: readonly string[];
  },
): Promise<Result<HighlevelUser, HighlevelError>> {
  const { userId, spentFrom, ...fields } = given;
  return caller.send({
    endpoint: 'updateUser',
    credential: credentialFor(spentFrom),
    path: { userId },
    body: { companyId: caller.companyId, ...fields },
    answer: userSchema,
  });
}

/** Takes effect at HighLevel some minutes later. */
export function deleteUser(
  caller: HighlevelCaller,
  { userId, spentFrom }: { readonly userId: string; readonly spentFrom: SpentFrom },
): Promise<Result<boolean, HighlevelError>> {
  return caller.send({
    endpoint: 'deleteUser',
    credential: credentialFor(spentFrom),
    path: { userId },
    answer: succeededSchema,
  });
}
