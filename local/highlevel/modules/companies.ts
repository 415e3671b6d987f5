import { badRequest, noAccess, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { locationsTable } from './locations-table.ts';

/** An agency account. */
export type Company = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly website: string;
  readonly timezone: string;
  readonly ownerId: string;
  /** Whether the agency has installed the app. */
  readonly hasApp: boolean;
};

export function companiesTable(store: Store) {
  return store.collection<Company>('companies', { ownerOf: () => 'sandbox' });
}

export function createCompaniesModule({ store }: Services): Module {
  const companies = companiesTable(store);
  const locations = locationsTable(store);

  function get({ param, token }: Call): Answer {
    const id = param('companyId');
    if (id !== token.companyId) return noAccess;
    const company = companies.find(id);
    if (company === undefined) return badRequest('Company not found');
    const { ownerId: _, hasApp: __, ...shown } = company;
    const locationCount = locations.countByOwner(id);
    return succeed({ company: { ...shown, customerType: 'agency', status: 'active', locationCount } });
  }

  return {
    routes: [
      defineRoute({
        method: 'GET',
        path: '/companies/:companyId',
        version: '2021-07-28',
        security: ['Agency-Access'],
        scope: 'companies.readonly',
        handle: get,
      }),
    ],
  };
}
