import {
  AGENCY_TOKEN,
  client,
  startTestSandbox,
  type TestSandbox,
} from '../../../local/highlevel/testing/test-sandbox.ts';
import type { TestDatabase } from '../../../local/testing/test-database.ts';
import { storeHighlevelConnection } from '../../../db/queries/store-highlevel-connection.ts';
import type { HighlevelConfig } from '../config.ts';
import { sealingPurposes } from '../highlevel/app-tokens.ts';
import type { HighlevelCaller } from '../highlevel/caller.ts';
import type { Highlevel } from '../highlevel/highlevel.ts';
import { parseWebhookKeys } from '../highlevel/rules/webhook-keys.ts';
import { appScopes } from '../highlevel/rules/app-scopes.ts';
import type { Lane } from '../highlevel/rate-governor.ts';
import { createTestRouter, type TestRouter, type TestRouterOptions } from './test-router.ts';

const TEST_TOKEN_KEY = 'a key for sealing tokens in tests, long enough';

export interface TestHighlevel {
  readonly sandbox: TestSandbox;
  readonly config: HighlevelConfig;
  readonly router: TestRouter;
  readonly highlevel: Highlevel;
  readonly callerFor: (lane?: Partial<Lane>) => HighlevelCaller;
  /** Another isolate over the same database, Redis and sandbox. */
  readonly startAnother: (
    options?: Partial<TestRouterOptions>,
  ) => Promise<{ router: TestRouter; highlevel: Highlevel }>;
  /** Connects the app as an admin would, and stores its tokens. */
  readonly connect: () => Promise<void>;
  /** Stops the sandbox, which throws when a request or an answer was not as HighLevel documents it. */
  readonly stop: () => Promise<void>;
}

/** The router and a sandbox of HighLevel, connected; the sandbox holds what is said between them against HighLevel's documents. */
export async function createTestHighlevel(
  options: Omit<TestRouterOptions, 'highlevel'> & {
    readonly database: TestDatabase;
    readonly sandbox?: Parameters<typeof startTestSandbox>[0];
    readonly config?: Partial<HighlevelConfig>;
  },
): Promise<TestHighlevel> {
  const { sandbox: sandboxOptions, config: given, ...routerOptions } = options;
  const sandbox = await startTestSandbox(sandboxOptions);
  const config = { ...describeSandbox(sandbox), ...given };
  const start = async (changes: Partial<TestRouterOptions> = {}) => {
    const router = await createTestRouter({ ...routerOptions, highlevel: config, ...changes });
    const { highlevel } = router.app;
    if (!highlevel) throw new Error('the router was given a configuration and has no HighLevel');
    return { router, highlevel };
  };
  const { router, highlevel } = await start();
  const connect = (): Promise<void> => connectApp({ sandbox, config, router, highlevel });
  await connect();
  return {
    sandbox,
    config,
    router,
    highlevel,
    callerFor: (lane) => highlevel.callerFor({ share: 'interactive', row: 'test', ...lane }),
    startAnother: start,
    connect,
    stop: async () => {
      await router.settle();
      await sandbox.stop();
    },
  };
}

function describeSandbox(sandbox: TestSandbox): HighlevelConfig {
  return {
    baseUrl: sandbox.url,
    authorizeUrl: `${sandbox.url}/v2/oauth/chooselocation`,
    companyId: sandbox.brandIds.company,
    appId: sandbox.app.id,
    agencyToken: AGENCY_TOKEN,
    clientId: client.client_id,
    clientSecret: client.client_secret,
    tokenKey: TEST_TOKEN_KEY,
    webhookPublicKeys: parseWebhookKeys(sandbox.webhookPublicKey) ?? [],
  };
}

async function connectApp({
  sandbox,
  config,
  router,
  highlevel,
}: Pick<TestHighlevel, 'sandbox' | 'config' | 'router' | 'highlevel'>): Promise<void> {
  const tokens = (await sandbox.connectApp()) as { access_token: string; refresh_token: string; expires_in: number };
  const purposes = sealingPurposes(config.companyId);
  await storeHighlevelConnection(router.deps.database, {
    companyId: config.companyId,
    accessToken: await highlevel.cipher.seal(tokens.access_token, purposes.access),
    refreshToken: await highlevel.cipher.seal(tokens.refresh_token, purposes.refresh),
    accessExpiresAt: new Date(Date.now() + tokens.expires_in * 1000).toISOString(),
    scopes: [...appScopes],
    installToFutureLocations: true,
  });
}
