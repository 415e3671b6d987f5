import { Hono } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import { analyticsOperations } from './analytics-operations.ts';
import { backtestOperations } from './backtest-operations.ts';
import { onboardingBatchOperations } from './batch-operations.ts';
import { deliveryOperations } from './delivery-operations.ts';
import { onboardingDriftOperations } from './drift-operations.ts';
import { buildOpenApiDocument, type OpenApiDocument } from './document.ts';
import { highlevelOperations } from './highlevel-operations.ts';
import { leadOperations } from './lead-operations.ts';
import { intakeOperations } from './intake-operations.ts';
import { locationOperations } from './location-operations.ts';
import { onboardingPlanOperations } from './onboarding-plan-operations.ts';
import { renderPage } from './page.ts';
import { pageStyle } from './page-style.ts';
import { onboardingRunOperations } from './run-operations.ts';
import { rulesOperations } from './rules-operations.ts';
import { settingsOperations } from './settings-operations.ts';
import { subscriptionOperations } from './subscription-operations.ts';
import { waitOperations } from './wait-operations.ts';
import { systemOperations } from './system-operations.ts';
import { territoryOperations } from './territory-operations.ts';

export const operations = [
  ...leadOperations,
  ...deliveryOperations,
  ...intakeOperations,
  ...locationOperations,
  ...territoryOperations,
  ...rulesOperations,
  ...analyticsOperations,
  ...backtestOperations,
  ...onboardingPlanOperations,
  ...settingsOperations,
  ...subscriptionOperations,
  ...waitOperations,
  ...onboardingRunOperations,
  ...highlevelOperations,
  ...onboardingBatchOperations,
  ...onboardingDriftOperations,
  ...systemOperations,
];

const CACHE_CONTROL = 'public, max-age=300';
/** Nothing runs in the page and nothing comes from elsewhere. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/openapi.json`, and `/docs`, which shows it. Both are public and say nothing of anybody's data. */
export function createOpenApiRoutes(publicUrl: string): Hono<AppEnv> {
  let made: OpenApiDocument | null = null;
  const readDocument = (): OpenApiDocument => (made ??= buildOpenApiDocument(operations, publicUrl));
  return new Hono<AppEnv>()
    .get('/openapi.json', (c) => c.json(readDocument(), 200, { 'cache-control': CACHE_CONTROL }))
    .get('/docs', (c) =>
      c.html(renderPage(readDocument()), 200, {
        'cache-control': CACHE_CONTROL,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
      }),
    )
    .get('/docs/style.css', (c) =>
      c.body(pageStyle, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': CACHE_CONTROL }),
    );
}
