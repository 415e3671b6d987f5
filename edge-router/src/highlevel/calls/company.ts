import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { id, listOf, optionalFlag, optionalNumber, optionalText } from './fields.ts';

const companySchema = z.object({
  id,
  name: optionalText,
  email: optionalText,
  timezone: optionalText,
  status: optionalText,
  locationCount: optionalNumber,
});

export type Company = z.output<typeof companySchema>;

/** The agency. https://marketplace.gohighlevel.com/docs/ghl/companies/get-company */
export function getCompany(caller: HighlevelCaller): Promise<Result<Company, HighlevelError>> {
  return caller.send({
    endpoint: 'getCompany',
    credential: { kind: 'agency' },
    path: { companyId: caller.companyId },
    answer: z.object({ company: companySchema }).transform(({ company }) => company),
  });
}

const installationSchema = z.object({
  companyId: id,
  companyName: optionalText,
  /** Such as `agency_monthly_497`. */
  companyPlan: optionalText,
});

export type AppInstallation = z.output<typeof installationSchema>;

/** Who installed the app, and their plan. https://marketplace.gohighlevel.com/docs/ghl/marketplace/get-installer-details */
export function getInstallation(caller: HighlevelCaller): Promise<Result<AppInstallation, HighlevelError>> {
  return caller.send({
    endpoint: 'getInstallation',
    credential: { kind: 'app' },
    path: { appId: caller.appId },
    answer: z
      .object({ installationDetails: installationSchema })
      .transform(({ installationDetails }) => installationDetails),
  });
}

const installedLocationsSchema = z.object({
  locations: listOf(z.object({ _id: id, name: optionalText, isInstalled: optionalFlag })).transform((locations) =>
    locations.map(({ _id, name, isInstalled }) => ({ ghlLocationId: _id, name, isInstalled: isInstalled ?? false })),
  ),
  count: optionalNumber,
  installToFutureLocations: optionalFlag,
});

export type InstalledLocations = z.output<typeof installedLocationsSchema>;

/** Where the app is installed: one sub-account, or all in pages of up to 100. */
export function listInstalledLocations(
  caller: HighlevelCaller,
  search: { readonly ghlLocationId?: string; readonly skip?: number; readonly limit?: number },
): Promise<Result<InstalledLocations, HighlevelError>> {
  const { ghlLocationId, skip = 0, limit = 20 } = search;
  const { companyId, appId } = caller;
  return caller.send({
    endpoint: 'listInstalledLocations',
    credential: { kind: 'app' },
    query: { companyId, appId, isInstalled: true, locationId: ghlLocationId, skip, limit },
    answer: installedLocationsSchema,
  });
}
