// The edge router as it is deployed (wrangler.toml unchanged), on workerd by `wrangler dev`. Only its environment is local.
import { join } from 'node:path';
import { assertPortFree, ports } from '../ports.ts';
import { addressOf, describeRouterEnvironment } from '../router-environment.ts';
import { localPaths, logFileOf, PROJECT } from './local-folder.ts';
import { startProcessGroup } from './process-group.ts';
import type { ProcessGroup } from './process-group.ts';
import type { LocalSecrets } from './secrets.ts';
import { waitUntilUp } from './stand-in.ts';

/** The first start bundles the Worker and packs the postal codes: seconds, on a machine that is not busy. */
const START_TIMEOUT_MS = 240_000;
const PROBE_TIMEOUT_MS = 5000;

/** The sandbox's clock, which the router's patience has to know: a snapshot loads in a second, a hundred of them in ten. */
export const HIGHLEVEL_TIME_SCALE = 60;

export const edgeUrl = addressOf(ports.edge);

export type EdgeEnvironment = { readonly secrets: LocalSecrets; readonly databaseUrl: string };

/** Starts the Worker and answers once its /readyz says `ready`. Throws with the end of its log when it does not come to that. */
export async function startEdgeRouter(environment: EdgeEnvironment): Promise<ProcessGroup> {
  await assertPortFree({ name: 'edge', port: ports.edge });
  const group = startProcessGroup({
    args: [join(PROJECT, 'node_modules/wrangler/bin/wrangler.js'), 'dev', ...wranglerArguments()],
    env: { ...workerVariables(environment), ...wranglerSettings() },
    logFile: logFileOf('edge-router'),
  });
  await waitUntilUp({ name: 'edge-router', group, isUp: isReady, timeoutMs: START_TIMEOUT_MS });
  return group;
}

function wranglerArguments(): string[] {
  const options = {
    ip: '127.0.0.1',
    port: ports.edge,
    'inspector-port': 0,
    'persist-to': localPaths.wrangler,
    'show-interactive-dev-session': false,
    // wrangler.toml lists secrets, so wrangler reads them, and [vars] over again, from its environment, unless it finds a
    // developer's own .dev.vars or .env: naming another file keeps it from those.
    'env-file': '/dev/null',
  };
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}

function workerVariables({ secrets, databaseUrl }: EdgeEnvironment): Record<string, string> {
  return {
    ...describeRouterEnvironment({ ports, databaseUrl, secrets }),
    CENSUS_GEOCODER_URL: addressOf(ports.census),
    ALLOW_PRIVATE_TARGETS: 'true',
    ONBOARDING_TIME_SCALE: String(HIGHLEVEL_TIME_SCALE),
  };
}

/** Nothing asked, nothing fetched, nothing reported, nothing written to the home folder. */
function wranglerSettings(): Record<string, string> {
  return {
    CI: '1',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_WRITE_LOGS: 'false',
    WRANGLER_LOG_PATH: localPaths.logs,
    WRANGLER_REGISTRY_PATH: join(localPaths.wrangler, 'registry'),
    WRANGLER_CACHE_DIR: join(localPaths.wrangler, 'cache'),
    XDG_CONFIG_HOME: join(localPaths.wrangler, 'config'),
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  };
}

async function isReady(): Promise<boolean> {
  try {
    const answer = await fetch(`${edgeUrl}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const body: unknown = await answer.json();
    return typeof body === 'object' && body !== null && 'status' in body && body.status === 'ready';
  } catch {
    return false;
  }
}
