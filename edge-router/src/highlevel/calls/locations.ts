// Sub-accounts, which HighLevel calls locations. https://marketplace.gohighlevel.com/docs/ghl/locations/
import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { asLocation, credentialFor, type SpentFrom } from './credentials.ts';
import { id, listOf, optionalFlag, optionalText, succeededSchema } from './fields.ts';

const settingsSchema = z.object({
  allowDuplicateContact: optionalFlag,
  allowDuplicateOpportunity: optionalFlag,
  allowFacebookNameMerge: optionalFlag,
  disableContactTimezone: optionalFlag,
});

const subAccountSchema = z.object({
  id,
  companyId: optionalText,
  name: optionalText,
  email: optionalText,
  phone: optionalText,
  address: optionalText,
  city: optionalText,
  state: optionalText,
  country: optionalText,
  postalCode: optionalText,
  website: optionalText,
  timezone: optionalText,
  settings: settingsSchema.nullish().transform((settings) => settings ?? null),
});

export type SubAccount = z.output<typeof subAccountSchema>;

export interface SubAccountFields {
  readonly name: string;
  readonly phone?: string;
  readonly address?: string;
  readonly city?: string;
  readonly state?: string;
  /** Two letters. */
  readonly country?: string;
  readonly postalCode?: string;
  readonly website?: string;
  /** One of `listTimezones`. */
  readonly timezone?: string;
  /** Its e-mail becomes the sub-account's, and is all that a sub-account can be searched by. */
  readonly prospectInfo?: { readonly firstName: string; readonly lastName: string; readonly email: string };
  readonly settings?: {
    readonly allowDuplicateContact?: boolean;
    readonly allowDuplicateOpportunity?: boolean;
    readonly allowFacebookNameMerge?: boolean;
    readonly disableContactTimezone?: boolean;
  };
}

/**
 * Makes a sub-account and begins to load the snapshot; needs the agency's Pro plan. HighLevel knows no idempotency: two of
 * these are two sub-accounts, so after `unknown_outcome` look with `searchLocations` by the prospect's e-mail.
 */
export function createLocation(
  caller: HighlevelCaller,
  fields: SubAccountFields & { readonly snapshotId?: string },
): Promise<Result<SubAccount, HighlevelError>> {
  return caller.send({
    endpoint: 'createLocation',
    credential: { kind: 'agency' },
    body: { companyId: caller.companyId, ...fields },
    answer: subAccountSchema,
  });
}

/** Sub-accounts by e-mail, or all in pages. May lag behind a create. */
export function searchLocations(
  caller: HighlevelCaller,
  search: { readonly email?: string; readonly skip?: number; readonly limit?: number; readonly order?: 'asc' | 'desc' },
): Promise<Result<SubAccount[], HighlevelError>> {
  const { email, skip = 0, limit = 10, order } = search;
  return caller.send({
    endpoint: 'searchLocations',
    credential: { kind: 'agency' },
    query: { companyId: caller.companyId, email, skip, limit, order },
    answer: z.object({ locations: listOf(subAccountSchema) }).transform(({ locations }) => locations),
  });
}

export function getLocation(
  caller: HighlevelCaller,
  { ghlLocationId, spentFrom }: { readonly ghlLocationId: string; readonly spentFrom: SpentFrom },
): Promise<Result<SubAccount, HighlevelError>> {
  return caller.send({
    endpoint: 'getLocation',
    credential: credentialFor(spentFrom),
    path: { locationId: ghlLocationId },
    answer: z.object({ location: subAccountSchema }).transform(({ location }) => location),
  });
}

/**
 * Changes the fields given. `snapshot` pushes it into the sub-account; a second push without `override` duplicates what the
 * first one brought, and there is no way back, so such a call is never sent again after `unknown_outcome`.
 */
export function updateLocation(
  caller: HighlevelCaller,
  ghlLocationId: string,
  fields: Partial<SubAccountFields> & { readonly snapshot?: { readonly id: string; readonly override: boolean } },
): Promise<Result<SubAccount, HighlevelError>> {
  return caller.send({
    endpoint: 'updateLocation',
    credential: { kind: 'agency' },
    path: { locationId: ghlLocationId },
    body: { companyId: caller.companyId, ...fields },
    answer: subAccountSchema,
  });
}

/** May be refused (`wrong_token`, `unauthorized`): HighLevel documents the scope as its own. The phone numbers stay. */
export function deleteLocation(
  caller: HighlevelCaller,
  ghlLocationId: string,
): Promise<Result<boolean, HighlevelError>> {
  return caller.send({
    endpoint: 'deleteLocation',
    credential: { kind: 'agency' },
    path: { locationId: ghlLocationId },
    query: { deleteTwilioAccount: false },
    answer: succeededSchema,
  });
}

/** The time zones that a sub-account can be given; the same for all of them, but only told by one. */
export function listTimezones(
  caller: HighlevelCaller,
  ghlLocationId: string,
): Promise<Result<string[], HighlevelError>> {
  return caller.send({
    endpoint: 'listTimezones',
    credential: asLocation(ghlLocationId),
    path: { locationId: ghlLocationId },
    // The answer is not in their description: a list, alone or under its name.
    answer: z
      .union([
        z.array(z.string()),
        z.object({ timezones: z.array(z.string()) }),
        z.object({ timeZones: z.array(z.string()) }),
      ])
      .transform((answer) => (Array.isArray(answer) ? answer : Object.values(answer).flat())),
  });
}
