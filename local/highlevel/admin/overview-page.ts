// The page at `/`: all that the sandbox holds, for a person. `/?location=ID` is one sub-account with everything in it.

import type { RawRequest } from '../http/answer-call.ts';
import type { PageAnswerer } from '../http/listener.ts';
import { isInstalledIn } from '../modules/app-installations.ts';
import { companiesTable } from '../modules/companies.ts';
import { locationsTable, type Location } from '../modules/locations-table.ts';
import { loadsTable, snapshotsTable } from '../modules/snapshot-loads.ts';
import type { Module, Services } from '../services.ts';
import type { QueuedWebhook, WebhookQueue } from '../webhooks/webhook-queue.ts';
import { brandIds } from './brand.ts';
import { html, renderPage, renderPairs, renderTable, type Html } from './html.ts';
import { renderFields, renderItems } from './render-items.ts';

const LOCATIONS_PER_PAGE = 50;
const SHOWN_WEBHOOKS = 50;
const SHOWN_REQUESTS = 100;
const SHOWN_BUDGETS = 50;

type Parts = { readonly services: Services; readonly modules: readonly Module[]; readonly queue: WebhookQueue };

export function createOverviewPage({ services, modules, queue }: Parts): PageAnswerer {
  const { store, clock, settings, faults, requestLog, rateLimits } = services;
  const locations = locationsTable(store);
  const loads = loadsTable(store);

  function answer({ query }: RawRequest) {
    const atMs = clock.nowMs();
    store.transaction(() => modules.forEach(({ catchUp }) => catchUp?.(atMs)));
    const id = query.get('location');
    const location = id === null ? undefined : locations.find(id);
    if (id !== null && location === undefined)
      return toPage(
        404,
        'Not found',
        html`<p>No sub-account ${id}.</p>
          ${back}`,
      );
    const page = Math.max(0, Math.floor(Number(query.get('page') ?? 0)) || 0);
    return location === undefined
      ? toPage(200, 'HighLevel sandbox', renderOverview(page))
      : toPage(200, location.name, renderLocation(location));
  }

  function renderOverview(page: number): Html {
    return html`<h1>HighLevel sandbox</h1>
      ${renderCompany()}
      <nav>
        <a href="#locations">Sub-accounts</a><a href="#webhooks">Webhooks</a><a href="#budgets">Budgets</a
        ><a href="#requests">Requests</a><a href="#faults">Faults</a><a href="/__sandbox/export">Export</a>
      </nav>
      ${renderLocations(page)}
      <h2 id="webhooks">Webhooks: ${describeCounts(queue.count())}</h2>
      ${renderTable(['At', 'Type', 'Status', 'Attempts', 'Last answer', 'Body'], queue.listLatest(SHOWN_WEBHOOKS).map(describeWebhook))}
      <h2 id="budgets">Budgets, in their latest windows</h2>
      ${renderBudgets()}
      <h2 id="requests">Requests: ${describeCounts(requestLog.summarize().byStatus)}</h2>
      ${renderRequests()}
      <h2 id="faults">Faults that wait</h2>
      ${renderItems(faults.list().map(({ fault }) => fault))}`;
  }

  function renderCompany(): Html {
    const company = companiesTable(store).find(brandIds.company);
    const { timeScale, company: own, app } = settings.read();
    const snapshots = snapshotsTable(store).listByOwner(brandIds.company);
    const rows: readonly (readonly [string, string])[] = [
      ['Company', `${company?.name ?? 'none'} (${brandIds.company}), ${own.plan}`],
      ['Snapshots', snapshots.map(({ name, id }) => `${name} (${id})`).join(', ')],
      ['App', company?.hasApp === true ? 'installed' : 'not installed'],
      ['Future sub-accounts', app.installToFutureLocations ? 'get the app' : 'do not get the app'],
      ['Webhooks go to', app.webhookUrl ?? 'nowhere'],
      ['Time', `${timeScale} times as fast`],
    ];
    return renderPairs(rows);
  }

  function renderLocations(page: number): Html {
    const total = locations.countByOwner(brandIds.company);
    const shown = locations.page(brandIds.company, {
      skip: page * LOCATIONS_PER_PAGE,
      limit: LOCATIONS_PER_PAGE,
      order: 'desc',
    });
    const hasMore = (page + 1) * LOCATIONS_PER_PAGE < total;
    const newer = page > 0 ? html`<a href="/?page=${page - 1}#locations">newer</a>` : html``;
    const older = hasMore ? html`<a href="/?page=${page + 1}#locations">older</a>` : html``;
    return html`<h2 id="locations">Sub-accounts: ${total}</h2>
      ${renderTable(['Name', 'Id', 'E-mail', 'City', 'App', 'Snapshot'], shown.map(describeLocation))}
      <nav>${newer}${older}</nav>`;
  }

  function describeLocation({ id, name, email, city, state }: Location) {
    const latest = loads.listByKey(id).at(-1);
    const progress = latest && `${latest.status}, ${latest.completed.length} of ${countParts(latest)} parts`;
    return [
      html`<a href="/?location=${id}">${name}</a>`,
      id,
      email ?? '',
      [city, state].filter(Boolean).join(', '),
      isInstalledIn(store, id, clock.nowMs()) ? 'installed' : 'no',
      progress ?? 'none',
    ];
  }

  function renderBudgets(): Html {
    const shown = rateLimits.listCurrent(SHOWN_BUDGETS);
    return renderTable(
      ['Budget', 'Since', 'Used', 'Refused'],
      shown.map(({ bucket, startedAtMs, used, refused }) => [bucket, renderTime(startedAtMs), used, refused]),
    );
  }

  function renderRequests(): Html {
    const rows = requestLog
      .listLatest(SHOWN_REQUESTS)
      .map(({ atMs, route, path, status, bucket, fault, traceId }) => [
        renderTime(atMs),
        renderStatus(status),
        html`${route}${route.endsWith(path) ? html`` : html`<br />${path}`}`,
        bucket,
        fault,
        traceId,
      ]);
    return renderTable(['At', 'Status', 'Call', 'Budget', 'Fault', 'Trace'], rows);
  }

  /** Whatever collection holds something of this sub-account is shown, so that a new module needs nothing here. */
  function renderLocation(location: Location): Html {
    const held = store
      .listCollections()
      .filter(({ name, secret }) => !secret && name !== 'installations')
      .map(({ name, listByOwner }) => ({ name, items: listByOwner(location.id) }))
      .filter(({ items }) => items.length > 0);
    const users = store.listCollections().find(({ name }) => name === 'users');
    const staff = (users?.listByOwner(location.companyId) ?? []).filter((user) => worksIn(user, location.id));
    return html`<h1>${location.name}</h1>
      ${back} ${renderFields(location)}
      <h2>Snapshot loads</h2>
      ${renderItems(loads.listByKey(location.id))}
      <h2>Users</h2>
      ${renderItems(staff)}
      ${held.map(
        ({ name, items }) =>
          html`<h2>${toHeading(name)}: ${items.length}</h2>
            ${renderItems(items)}`,
      )}`;
  }

  return (request) => (request.path === '/' && request.method === 'GET' ? answer(request) : undefined);
}

const back = html`<nav><a href="/">All of it</a></nav>`;

function toPage(status: number, title: string, content: Html) {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: renderPage(title, content) };
}

/** `custom_values` is Custom values. */
function toHeading(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1).replaceAll('_', ' ');
}

function worksIn(user: object, locationId: string): boolean {
  return 'locationIds' in user && Array.isArray(user.locationIds) && user.locationIds.includes(locationId);
}

function countParts({ completed, pending }: { completed: readonly string[]; pending: readonly unknown[] }): number {
  return completed.length + pending.length;
}

function describeCounts(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([name, count]) => `${count} × ${name === '0' ? 'no answer' : name}`);
  return all.length === 0 ? 'none' : all.join(', ');
}

function describeWebhook({ createdAtMs, type, status, attempts, lastStatus, body }: QueuedWebhook) {
  const isBad = status === 'given-up' || (status === 'waiting' && attempts > 0);
  return [
    renderTime(createdAtMs),
    type,
    html`<span class="${isBad ? 'bad' : status === 'delivered' ? 'good' : ''}">${status}</span>`,
    attempts,
    lastStatus === undefined ? '' : lastStatus === 0 ? 'none' : lastStatus,
    html`<details>
      <summary>${body.length} bytes</summary>
      <pre>${body}</pre>
    </details>`,
  ];
}

function renderStatus(status: number): Html {
  const words = status === 0 ? 'none' : String(status);
  return html`<span class="${status >= 200 && status < 300 ? 'good' : 'bad'}">${words}</span>`;
}

function renderTime(atMs: number): Html {
  return html`<span class="time">${new Date(atMs).toISOString().replace('T', ' ').slice(0, 23)}</span>`;
}
