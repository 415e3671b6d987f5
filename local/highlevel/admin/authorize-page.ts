// The page on which an agency's admin lets the app in. As at HighLevel it is the admin, not the app, who decides whether the app
// comes into future sub-accounts by itself.

import * as z from 'zod';
import type { RawRequest } from '../http/answer-call.ts';
import type { Page, PageAnswerer } from '../http/listener.ts';
import { createToken } from '../identifiers.ts';
import { app, describeInstall, installApp } from '../modules/app-installations.ts';
import { companiesTable } from '../modules/companies.ts';
import { locationsTable } from '../modules/locations-table.ts';
import { authorizationCodesTable } from '../modules/oauth.ts';
import type { Services } from '../services.ts';
import { brandIds } from './brand.ts';
import { html, renderPage, type Html } from './html.ts';

const PATH = '/v2/oauth/chooselocation';

const askedSchema = z.object({
  response_type: z.literal('code'),
  client_id: z.string(),
  redirect_uri: z.url(),
  scope: z.string().min(1),
  state: z.string().optional(),
});

type Asked = z.output<typeof askedSchema>;

export function createAuthorizePage(services: Services): PageAnswerer {
  const { store, settings, clock, credentials, emit } = services;

  /** GET shows the page, POST is the admin's yes. */
  function answer({ method, query, body }: RawRequest): Page {
    const parsed = askedSchema.safeParse(Object.fromEntries(query));
    if (!parsed.success || parsed.data.client_id !== credentials.clientId) {
      return toPage(400, 'The link is not valid: unknown app, redirect_uri, scope or response_type.');
    }
    const unknown = parsed.data.scope.split(/[ +]/).filter((scope) => !app.scopes.some((known) => known === scope));
    if (unknown.length > 0) return toPage(400, `The app does not have the scopes ${unknown.join(', ')}.`);
    if (method === 'GET') return toPage(200, renderForm(parsed.data.scope));
    const isFuture = new URLSearchParams(body).get('future') === 'yes';
    return store.transaction(() => approve(parsed.data, isFuture));
  }

  function approve({ redirect_uri: redirectUri, state }: Asked, installToFutureLocations: boolean): Page {
    const nowMs = clock.nowMs();
    const company = companiesTable(store).find(brandIds.company);
    if (company === undefined) return toPage(500, 'The sandbox has no company.');
    companiesTable(store).put({ ...company, hasApp: true });
    settings.change({ app: { installToFutureLocations } });
    const payload = { ...describeInstall(services, company.id), installType: 'Company' };
    if (!company.hasApp) emit({ type: 'INSTALL', audience: 'app', payload });
    for (const location of locationsTable(store).listByOwner(company.id)) installApp(services, location, nowMs);
    const code = createToken('code');
    const { id: companyId, ownerId: userId } = company;
    authorizationCodesTable(store).put({ id: code, companyId, userId, redirectUri, createdAtMs: nowMs });
    const target = new URL(redirectUri);
    target.searchParams.set('code', code);
    if (state !== undefined) target.searchParams.set('state', state);
    return { status: 302, headers: { location: target.href }, body: '' };
  }

  return (request) => {
    const isOurs = request.path === PATH && (request.method === 'GET' || request.method === 'POST');
    return isOurs ? answer(request) : undefined;
  };
}

function renderForm(scope: string): Html {
  return html`<h1>Install ${app.name}</h1>
    <p>It asks to be let into every sub-account of the agency, for:</p>
    <ul>
      ${scope.split(/[ +]/).map((one) => html`<li>${one}</li>`)}
    </ul>
    <form method="post">
      <p>
        <label
          ><input type="checkbox" name="future" value="yes" checked /> Also install it in future sub-accounts</label
        >
      </p>
      <button>Allow and install</button>
    </form>`;
}

function toPage(status: number, content: Html | string): Page {
  const body = renderPage('HighLevel sandbox', typeof content === 'string' ? html`<p>${content}</p>` : content);
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}
