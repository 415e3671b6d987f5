import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { AppDeps } from './deps.ts';
import { sweepReports } from './analytics/report-messages.ts';
import { createReportReader } from './analytics/report-reader.ts';
import { createAnalyticsRoutes } from './analytics/routes.ts';
import { runReportSlice } from './analytics/run-report-slice.ts';
import { sweepBacktests } from './backtests/backtest-messages.ts';
import { purgeBacktests } from './backtests/drop-backtest.ts';
import { createBacktestRoutes } from './backtests/routes.ts';
import { runSlice } from './backtests/run-slice.ts';
import { followAssignments } from './deliveries/follow-assignments.ts';
import { sweepDeliveries } from './deliveries/delivery-messages.ts';
import { createDeliveryRoutes } from './deliveries/routes.ts';
import { runDelivery } from './deliveries/run-delivery.ts';
import { createSubAccountFacts } from './deliveries/sub-account-facts.ts';
import { createScopeGuard } from './http/api-key.ts';
import type { AppEnv } from './http/app-env.ts';
import { invalidInput } from './http/body.ts';
import { createKeyedHash } from './http/hash.ts';
import { createEventRoutes } from './intake/event-routes.ts';
import { createSourceEventHandler } from './intake/handle-source-event.ts';
import { createSourceBook } from './intake/source-book.ts';
import { createSourceRoutes } from './intake/source-routes.ts';
import { createSourceWebhookRoutes } from './intake/webhook-routes.ts';
import { createHealthRoutes } from './http/health.ts';
import { followDeliveries } from './follow-up/follow-deliveries.ts';
import { handleLeadEvents } from './follow-up/handle-lead-events.ts';
import { checkClock, startClocks, sweepClocks, type ClockDeps } from './follow-up/lead-clocks.ts';
import { createLeadStatusRoutes } from './follow-up/status-routes.ts';
import { readLeadEvent, settleLeadEvent } from './follow-up/rules/lead-event.ts';
import { sweepLocations } from './follow-up/sweep-locations.ts';
import { sweepMasterContacts } from './follow-up/sweep-master-contacts.ts';
import { persistEvent } from './highlevel/persist-event.ts';
import { persistLead } from './leads/persist-lead.ts';
import { handleWebhooks, type HandleLeadWebhooks } from './highlevel/handle-webhooks.ts';
import { sweepWebhooks } from './highlevel/sweep-webhooks.ts';
import { createHighlevel, type Highlevel } from './highlevel/highlevel.ts';
import { createHighlevelRoutes, createOauthRoutes } from './highlevel/routes.ts';
import { createWebhookRoutes } from './highlevel/webhook-routes.ts';
import { toProblem, type ApiError } from './http/problem.ts';
import { assignRequestId } from './http/request-id.ts';
import { createRateLimits } from './http/rate-limits.ts';
import { createMeRoutes } from './http/me.ts';
import { createStaticFirstRouter } from './http/static-first-router.ts';
import { createOutboxDrain, type OutboxDrain } from './jobs/outbox.ts';
import { createParkingRetries, type ParkingRetries } from './jobs/parking-retries.ts';
import { createJobRoutes } from './jobs/routes.ts';
import { createLeadRoutes } from './leads/routes.ts';
import { routeStoredEvent } from './leads/route-stored-event.ts';
import { rerouteLead } from './leads/reroute-lead.ts';
import { createReassignRoutes } from './leads/reassign-routes.ts';
import { createRulesRoutes } from './leads/rules-routes.ts';
import { createCapacityCopies } from './locations/capacity-copies.ts';
import { createDirectoryCache } from './locations/directory-cache.ts';
import { createDirectoryHolder, type DirectoryHolder } from './locations/directory-holder.ts';
import { createDraftDirectories } from './locations/draft-directories.ts';
import { refreshDirectory } from './locations/import-locations.ts';
import { createPostgresDirectorySource } from './locations/postgres-directory-source.ts';
import { createLocationRoutes } from './locations/routes.ts';
import { createTerritoryRoutes } from './locations/territory-routes.ts';
import { geocodePlan } from './onboarding/geocode-plan.ts';
import { sweepGeocoding } from './onboarding/geocoding-message.ts';
import { createBatchRoutes } from './onboarding/batch-routes.ts';
import { checkDrift } from './onboarding/check-drift.ts';
import { beginNightlyDrift, sweepDrift } from './onboarding/drift-messages.ts';
import { createDriftRoutes } from './onboarding/drift-routes.ts';
import { createMappingRoutes } from './onboarding/mapping-routes.ts';
import { createPlanRoutes } from './onboarding/plan-routes.ts';
import { createEraseRoutes } from './people/erase-routes.ts';
import { createLeadSettingsRoutes } from './settings/lead-settings-routes.ts';
import { keepUndelivered } from './subscriptions/keep-undelivered.ts';
import { createSubscriptionRoutes } from './subscriptions/routes.ts';
import { onboardRow } from './onboarding/onboard-row.ts';
import { sweepBatches } from './onboarding/row-messages.ts';
import { createRunRoutes } from './onboarding/run-routes.ts';
import { createSettingsRoutes } from './onboarding/settings-routes.ts';
import { continueWait } from './onboarding/continue-wait.ts';
import { createWaitRoutes } from './onboarding/wait-routes.ts';
import { createTaskRoutes } from './onboarding/task-routes.ts';
import { createOpenApiRoutes } from './openapi/routes.ts';
import { isNoText, isUnavailable } from '../../db/database.ts';

export interface App {
  readonly fetch: Hono<AppEnv>['fetch'];
  readonly request: Hono<AppEnv>['request'];
  readonly routes: Hono<AppEnv>['routes'];
  readonly directory: DirectoryHolder;
  readonly outbox: OutboxDrain;
  readonly parkingRetries: ParkingRetries;
  /** Takes up geocoding that was left alone. */
  readonly sweepGeocoding: () => Promise<void>;
  /** Takes up rows of batches that were left alone. */
  readonly sweepBatches: () => Promise<void>;
  /** Takes up deliveries whose message was lost. */
  readonly sweepDeliveries: () => Promise<void>;
  /** Takes up leads that nobody touched in time and whose message was lost. */
  readonly sweepClocks: () => Promise<void>;
  /** Takes up events of HighLevel that were lost, on the way here or behind. */
  readonly sweepEvents: () => Promise<void>;
  /** Takes up reports that were left alone. */
  readonly sweepReports: () => Promise<void>;
  /** Takes up backtests that were left alone. */
  readonly sweepBacktests: () => Promise<void>;
  /** Deletes backtests of long ago. */
  readonly purgeBacktests: () => Promise<void>;
  /** Takes up looking for drift that was left alone. */
  readonly sweepDrift: () => Promise<void>;
  /** Looks whether active locations are still as they should be. */
  readonly beginNightlyDrift: () => Promise<void>;
  /** Null where HighLevel is not configured. */
  readonly highlevel: Highlevel | null;
}

/** The whole router over its dependencies; one per isolate, since it holds the directory. */
export function createApp(deps: AppDeps): App {
  const maxLocations = deps.config.directoryMaxLocations;
  const directory = createDirectoryHolder({
    cache: createDirectoryCache(deps.redis, { newToken: deps.newId, maxLocations }),
    source: createPostgresDirectorySource(deps),
    postalCodes: deps.postalCodes,
    maxLocations,
    nowMs: deps.nowMs,
    log: deps.log,
  });
  const outbox = createOutboxDrain(deps);
  const limits = createRateLimits(deps);
  const requireScope = createScopeGuard({ ...deps, directory, limits });
  const capacity = createCapacityCopies(deps);
  const hashPerson = createKeyedHash(deps.config.personHashKey);
  const parkingRetries = createParkingRetries({ ...deps, directory, capacity, hashPerson, outbox });
  const highlevel = createHighlevel(deps);
  const reports = createReportReader(deps);
  const shared = { deps, reports, directory, outbox, requireScope, capacity, parkingRetries, highlevel };

  const onboarding = { ...deps, highlevel, refreshDirectory: () => refreshDirectory({ ...deps, directory }) };
  const batches = { ...onboarding, outbox };
  const delivering = { ...deps, highlevel, facts: createSubAccountFacts(deps) };

  const routing = { ...deps, directory, capacity, hashPerson };
  const reporting = { ...deps, reports };
  const backtests = {
    ...deps,
    drafts: createDraftDirectories({ ...deps, directory }),
    readDirectory: directory.current,
  };
  const clocks = {
    ...deps,
    directory,
    reroute: (wish: Parameters<ClockDeps['reroute']>[0]) => rerouteLead({ ...routing, capacity }, wish, parkingRetries),
  };
  const handleLeadWebhooks: HandleLeadWebhooks = (events) =>
    handleLeadEvents({ ...deps, highlevel, hashPerson, routeLead: (body) => routeStoredEvent(routing, body) }, events);
  const sources = createSourceBook(deps);
  const handleSourceEvent = createSourceEventHandler({
    database: deps.database,
    sources,
    routeLead: (body) => routeStoredEvent(routing, body),
  });
  const handleEvents = async (ids: readonly string[]): Promise<void> => {
    await thenAnnounce(handleWebhooks({ ...deps, handleLeadWebhooks, handleSourceEvent }, ids));
  };
  /** What a job wrote into the outbox leaves with it. */
  const thenAnnounce = async <T>(work: Promise<T>): Promise<T> => {
    const outcome = await work;
    const left: Promise<unknown>[] = [];
    outbox.start((drain) => left.push(drain));
    await Promise.allSettled(left);
    return outcome;
  };
  const app = new Hono<AppEnv>({ router: createStaticFirstRouter() });
  app.use(assignRequestId(deps.newId));
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  app.onError((error, c) => {
    // Bodies are cleaned of them, so it is the address that holds one.
    if (isNoText(error)) return withRequestId(toProblem(nullCharacter, c.var.requestId), c.var.requestId);
    deps.log({ event: 'request_failed', requestId: c.var.requestId, path: c.req.routePath, error });
    return withRequestId(toProblem(describeFailure(error), c.var.requestId), c.var.requestId);
  });
  app.notFound((c) => toProblem({ kind: 'not_found', what: 'address' }, c.var.requestId));
  app.route('/', createHealthRoutes(shared));
  // Whatever these change may be what a parked lead waits for.
  for (const path of ['/v1/locations/*', '/v1/territories/*', '/v1/rules/*'])
    app.use(path, retryAfterChange(parkingRetries));
  app.route('/v1/leads', createLeadRoutes(shared));
  app.route('/v1/leads', createReassignRoutes(shared));
  app.route('/v1/leads', createLeadStatusRoutes(shared));
  app.route('/v1/deliveries', createDeliveryRoutes(shared));
  app.route('/v1/locations', createLocationRoutes(shared));
  app.route('/v1/territories', createTerritoryRoutes(shared));
  app.route(
    '/v1/rules',
    createRulesRoutes({ ...shared, refreshDirectory: () => refreshDirectory({ ...deps, directory }) }),
  );
  app.route('/v1/backtests', createBacktestRoutes({ ...shared, deps: backtests }));
  app.route('/v1/analytics', createAnalyticsRoutes({ ...shared, deps: reporting }));
  app.route('/v1/onboarding', createPlanRoutes(shared));
  app.route('/v1/onboarding/mappings', createMappingRoutes(shared));
  app.route('/v1/me', createMeRoutes(shared));
  app.route('/v1/settings', createLeadSettingsRoutes(shared));
  app.route('/v1/subscriptions', createSubscriptionRoutes(shared));
  app.route('/v1/highlevel', createHighlevelRoutes(shared));
  app.route('/v1/oauth', createOauthRoutes(shared));
  app.route('/v1/people', createEraseRoutes(shared));
  app.route('/v1/sources', createSourceRoutes({ ...shared, sources }));
  app.route('/v1/events', createEventRoutes({ ...shared, handleEvents }));
  app.route('/v1/webhooks', createSourceWebhookRoutes({ deps, sources, limits, announce: outbox.start }));
  app.route(
    '/v1/webhooks',
    createWebhookRoutes({
      deps,
      announce: outbox.start,
      settleLead: (payload) => settleLeadEvent(readLeadEvent(payload)),
    }),
  );
  app.route(
    '/v1/jobs',
    createJobRoutes(
      {
        ...deps,
        handleWebhooks: handleEvents,
        followers: [
          (news) => followAssignments(deps, news),
          (news) => followDeliveries(deps, news, handleEvents),
          (news) => startClocks(clocks, news),
        ],
      },
      new Map([
        ['persist-lead', (body) => thenAnnounce(persistLead(routing, body))],
        ['persist-event', (body) => thenAnnounce(persistEvent(deps, body))],
        ['lead-clock', (body) => thenAnnounce(checkClock(clocks, body))],
        ['deliver-lead', (body) => thenAnnounce(runDelivery(delivering, body))],
        ['count-report', (body) => runReportSlice(reporting, body)],
        ['run-backtest', (body) => runSlice(backtests, body)],
        ['geocode-plan', (body) => geocodePlan(deps, body)],
        ['continue-wait', (body) => continueWait(onboarding, body)],
        ['check-drift', (body) => checkDrift(batches, body)],
        ['onboard-row', (body) => onboardRow(batches, body)],
        ['undelivered-event', (body) => keepUndelivered(deps, body)],
      ]),
    ),
  );
  app.route('/v1/onboarding/runs', createRunRoutes({ ...shared, onboarding }));
  app.route('/v1/onboarding/batches', createBatchRoutes({ ...shared, batches }));
  app.route('/v1/onboarding/drift', createDriftRoutes({ ...shared, batches }));
  app.route('/v1/onboarding/settings', createSettingsRoutes({ ...shared, onboarding }));
  app.route('/v1/onboarding/waits', createWaitRoutes(shared));
  app.route('/v1/onboarding/tasks', createTaskRoutes({ ...shared, onboarding }));
  app.route('/', createOpenApiRoutes(deps.config.publicUrl));
  const { fetch, request, routes } = app;
  return {
    fetch,
    request,
    routes,
    directory,
    outbox,
    parkingRetries,
    highlevel,
    sweepGeocoding: () => sweepGeocoding(deps),
    sweepBatches: () => sweepBatches(deps),
    sweepDeliveries: () => sweepDeliveries(deps),
    sweepClocks: () => sweepClocks(clocks),
    sweepEvents: async () => {
      await sweepMasterContacts({ ...deps, highlevel });
      await sweepLocations({ ...deps, highlevel });
      await sweepWebhooks(deps, handleEvents);
    },
    sweepReports: () => sweepReports(deps),
    sweepBacktests: () => sweepBacktests(deps),
    purgeBacktests: () => purgeBacktests(deps),
    sweepDrift: () => sweepDrift(deps),
    beginNightlyDrift: () => beginNightlyDrift(deps),
  };
}

function retryAfterChange(parkingRetries: ParkingRetries): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    if (c.req.method !== 'GET' && c.res.ok) parkingRetries.start((work) => c.executionCtx.waitUntil(work));
  };
}

function refuseMethod(c: Context<AppEnv>, methods: string[]): Response {
  const problem = toProblem({ kind: 'method_not_allowed' }, c.var.requestId);
  problem.headers.set('allow', methods.join(', '));
  return problem;
}

const nullCharacter = invalidInput([
  { field: '(address)', code: 'null_character', message: 'The address holds a null character' },
]);

function describeFailure(error: Error): ApiError {
  if (isUnavailable(error)) return { kind: 'unavailable', part: 'database', retryAfterSeconds: 2 };
  return { kind: 'internal' };
}

function withRequestId(response: Response, requestId: string): Response {
  response.headers.set('x-request-id', requestId);
  return response;
}
