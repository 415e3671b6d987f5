// A sandbox of HighLevel's API v2 that keeps what it is told, is as strict as the documents, and fails on demand. Source of the
// calls: HighLevel's OpenAPI documents; of the behaviour around them: its guides. It knows one agency and one app.

import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from '../http-server.ts';
import { createAdminPages } from './admin/admin-pages.ts';
import { createAuthorizePage } from './admin/authorize-page.ts';
import { brandIds } from './admin/brand.ts';
import { createOverviewPage } from './admin/overview-page.ts';
import { seedBrand } from './admin/seed.ts';
import { createTokens } from './auth/tokens.ts';
import { createFaults } from './faults.ts';
import { createCallAnswerer, type RawRequest, type Reply } from './http/answer-call.ts';
import { createListener } from './http/listener.ts';
import { app } from './modules/app-installations.ts';
import { createModules } from './modules/modules.ts';
import { createRateLimits } from './rate-limits.ts';
import { createRequestLog } from './request-log.ts';
import type { Credentials, Services } from './services.ts';
import { createSettings, type Settings } from './settings.ts';
import { openStore, type Store } from './store/store.ts';
import { createDeliverer } from './webhooks/deliverer.ts';
import { createEmit } from './webhooks/emit.ts';
import { createSigner, toPublicKeyPem } from './webhooks/signing.ts';
import { createWebhookQueue } from './webhooks/webhook-queue.ts';

type SandboxOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  /** Where everything is kept; `:memory:` keeps nothing. */
  readonly file: string;
  readonly credentials: Credentials;
  /** What the settings begin with, in the shape of `PATCH /__sandbox/settings`. */
  readonly settings?: Record<string, unknown>;
  /** For tests that move the time. */
  readonly nowMs?: () => number;
  /** For tests that hold each exchange against the contract. */
  readonly onExchange?: (request: RawRequest, reply: Reply) => void;
};

/** Seeds a new file with the brand and listens on 127.0.0.1. Rejects when the port or the file is taken. */
export async function startSandbox(options: SandboxOptions) {
  const store = openStore(options.file);
  const clock = { nowMs: options.nowMs ?? Date.now };
  const settings = openSettings(store, options.settings);
  const queue = createWebhookQueue(store);
  const sign = createSigner(options.credentials.signingKey);
  const deliverer = createDeliverer({ store, clock, settings, queue, sign });
  const services: Services = {
    store,
    clock,
    settings,
    tokens: createTokens(store, settings),
    faults: createFaults(store),
    rateLimits: createRateLimits(store, settings),
    requestLog: createRequestLog(store),
    emit: createEmit({ store, settings, queue, nowMs: clock.nowMs, onQueued: deliverer.wake }),
    credentials: options.credentials,
  };
  const modules = createModules(services);
  const routes = modules.flatMap((module) => module.routes);
  store.transaction(() => seedBrand(services, modules));
  const answerAdmin = createAdminPages({ services, modules, queue, deliverer });
  const answerAuthorize = createAuthorizePage(services);
  const answerOverview = createOverviewPage({ services, modules, queue });
  const listener = createListener({
    answerPage: (request) => answerAdmin(request) ?? answerAuthorize(request) ?? answerOverview(request),
    answerCall: createCallAnswerer(services, modules).answerCall,
    onExchange: options.onExchange,
  });
  const server = createServer(listener);
  const stop = async (): Promise<void> => {
    await closeServer(server);
    await deliverer.stop();
    store.close();
  };
  try {
    const port = await listenOnLoopback(server, { name: 'highlevel', port: options.port });
    deliverer.wake();
    const webhookPublicKey = toPublicKeyPem(options.credentials.signingKey);
    return { url: `http://127.0.0.1:${port}`, port, stop, brandIds, app, webhookPublicKey, routes };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** Bad settings must not leave the file taken. */
function openSettings(store: Store, initial: Record<string, unknown> = {}): Settings {
  try {
    return createSettings(store, initial);
  } catch (cause) {
    store.close();
    throw cause;
  }
}
