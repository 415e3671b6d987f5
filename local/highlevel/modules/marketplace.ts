// The app's installations: who installed it, on which plan, and uninstalling it.

import * as z from 'zod';
import { badRequest, noAccess, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import type { Module, Services } from '../services.ts';
import { app, installationsTable, isInstalledIn } from './app-installations.ts';
import { companiesTable } from './companies.ts';

const VERSION = '2021-07-28';

const uninstallSchema = z.strictObject({
  companyId: z.string().optional(),
  locationId: z.string().optional(),
  reason: z.string().optional(),
});

export function createMarketplaceModule({ store, settings, tokens, emit }: Services): Module {
  const companies = companiesTable(store);
  const installations = installationsTable(store);

  function getInstaller({ param, token, nowMs }: Call): Answer {
    const company = companies.find(token.companyId);
    if (param('appId') !== app.id || company === undefined) return badRequest('App not found');
    const { locationId } = token;
    if (locationId !== undefined && !isInstalledIn(store, locationId, nowMs)) return badRequest('App not installed');
    const { plan } = settings.read().company;
    return succeed({
      installationDetails: {
        companyId: company.id,
        ...(locationId === undefined ? {} : { locationId }),
        companyName: company.name,
        relationshipNumber: '0-000-001',
        companyEmail: company.email,
        companyOwnerFullName: 'Morgan Adeyemi',
        userId: company.ownerId,
        isWhitelabelCompany: false,
        companyPlan: plan,
        companyHighLevelPlan: plan,
      },
    });
  }

  /** From one sub-account, or, asked by the agency without naming one, from all of them. */
  function uninstall({ param, body, token }: Call<z.output<typeof uninstallSchema>>): Answer {
    const company = companies.find(token.companyId);
    if (param('appId') !== app.id || company === undefined) return badRequest('App not found');
    if ((body.companyId ?? token.companyId) !== token.companyId) return noAccess;
    const locationId = token.locationId ?? body.locationId;
    if (locationId === undefined) {
      companies.put({ ...company, hasApp: false });
      for (const { id } of installations.listByKey(company.id)) uninstallFrom(id);
      tokens.revokeOfApp(company.id, app.id);
      emit({ type: 'UNINSTALL', audience: 'app', payload: { appId: app.id, companyId: company.id } });
    } else if (!uninstallFrom(locationId)) return badRequest('App not installed');
    return succeed({ success: true });
  }

  function uninstallFrom(locationId: string): boolean {
    if (!installations.remove(locationId)) return false;
    tokens.revokeOfLocation(locationId, app.id);
    emit({ type: 'UNINSTALL', audience: 'app', payload: { appId: app.id, locationId } });
    return true;
  }

  const path = '/marketplace/app/:appId/installations';
  return {
    routes: [
      defineRoute({
        method: 'GET',
        path,
        version: VERSION,
        security: ['Location-Access-Only', 'Agency-Access-Only'],
        scope: 'marketplace-installer-details.readonly',
        handle: getInstaller,
      }),
      defineRoute({
        method: 'DELETE',
        path,
        version: VERSION,
        security: ['Location-Access-Only', 'Agency-Access'],
        scope: 'oauth.write',
        body: uninstallSchema,
        handle: uninstall,
      }),
    ],
  };
}
