// A stand-in for Upstash QStash v2: the calls the SDK makes, signed deliveries with QStash's retries, callbacks, dead
// letters, queues, flow control and schedules, kept in one durable file. It never leaves the addresses it is given,
// follows no redirect and has no accounts or bills. https://upstash.com/docs/qstash/api-reference

import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from '../http-server.ts';
import type { Clock } from './clock.ts';
import { createAlarms } from './delivery/alarms.ts';
import { buildRequest } from './delivery/build-request.ts';
import { createDispatcher } from './delivery/dispatcher.ts';
import { createFaults } from './delivery/faults.ts';
import { createRequestSender } from './delivery/send-request.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createDlqRoutes } from './http/dlq-routes.ts';
import { createEventRoutes } from './http/event-routes.ts';
import { createFlowControlRoutes } from './http/flow-control-routes.ts';
import { createKeyRoutes } from './http/key-routes.ts';
import { createListener } from './http/listener.ts';
import { createMessageRoutes } from './http/message-routes.ts';
import { createPublishRoutes } from './http/publish-routes.ts';
import { createQueueRoutes } from './http/queue-routes.ts';
import { createScheduleRoutes } from './http/schedule-routes.ts';
import { createTestRoutes } from './http/test-routes.ts';
import { createUrlGroupRoutes } from './http/url-group-routes.ts';
import { createIntake } from './intake.ts';
import type { DeliveryResponse, Message } from './protocol/message.ts';
import { createScheduleRunner } from './schedule-runner.ts';
import type { Services } from './services.ts';
import { openStore } from './store/store.ts';

const MAX_REQUEST_HEADER_BYTES = 65_536;

type QstashOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  /** Where everything is kept; `:memory:` keeps nothing. */
  readonly file: string;
  readonly token: string;
  readonly currentSigningKey: string;
  readonly nextSigningKey: string;
  /** Every delay, backoff, rate period and deduplication window is divided by it. */
  readonly timeScale: number;
  /** How the fault `crash` ends the process; absent when the stand-in lives in someone else's process. */
  readonly crash?: () => void;
};

type Qstash = { readonly url: string; readonly port: number; readonly stop: () => Promise<void> };

/** Takes up all that is pending in the file and listens. Rejects when the port or the file is taken. */
export async function startQstash(options: QstashOptions): Promise<Qstash> {
  const engine = createEngine(options);
  const routes = [
    createPublishRoutes,
    createMessageRoutes,
    createQueueRoutes,
    createScheduleRoutes,
    createUrlGroupRoutes,
    createDlqRoutes,
    createEventRoutes,
    createFlowControlRoutes,
    createKeyRoutes,
    createTestRoutes,
  ].flatMap((createRoutes) => createRoutes(engine.services));
  const listener = createListener(routes, options.token);
  const server = createServer({ maxHeaderSize: MAX_REQUEST_HEADER_BYTES }, listener);
  try {
    const port = await listenOnLoopback(server, { name: 'qstash', port: options.port });
    engine.start();
    const stop = () => closeServer(server).then(engine.stop);
    return { url: `http://127.0.0.1:${port}`, port, stop };
  } catch (cause) {
    engine.stop();
    throw cause;
  }
}

function createEngine(options: QstashOptions) {
  const { file, currentSigningKey, nextSigningKey, timeScale, crash } = options;
  const store = openStore(file);
  let signingKeys = store.signingKeys.adopt({ current: currentSigningKey, next: nextSigningKey });
  const clock: Clock = { nowMs: Date.now, timeScale };
  const alarms = createAlarms(clock.nowMs);
  const faults = createFaults();
  const sender = createRequestSender();

  async function send(message: Message): Promise<DeliveryResponse> {
    const attempt = () => sender.send(buildRequest(message, { signingKey: signingKeys.current, nowMs: clock.nowMs() }));
    const [response] = faults.take('duplicate') ? await Promise.all([attempt(), attempt()]) : [await attempt()];
    return response;
  }

  function forgets({ status }: DeliveryResponse): boolean {
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess && crash !== undefined && faults.take('crash')) crash();
    return isSuccess && faults.take('forget');
  }

  const dispatcher = createDispatcher({ store, clock, alarms, send, forgets });
  const intake = createIntake({ store, clock, dispatcher });
  const schedules = createScheduleRunner({ store, clock, alarms, intake });

  async function rotateSigningKeys() {
    signingKeys = await store.write(() => store.signingKeys.rotate(signingKeys));
    return signingKeys;
  }

  const services: Services = {
    store,
    clock,
    dispatcher,
    intake,
    schedules,
    faults,
    readSigningKeys: () => signingKeys,
    rotateSigningKeys,
  };

  function start(): void {
    for (const queue of store.queues.list()) dispatcher.configureQueue(queue);
    for (const flow of store.flowKeys.list()) dispatcher.configureFlow(flow);
    dispatcher.admit(store.messages.listPending());
    schedules.start();
    startHousekeeping({ store, clock, alarms, dispatcher });
  }

  function stopEngine(): void {
    dispatcher.stop();
    alarms.stop();
    sender.close();
    store.close();
  }

  return { services, start, stop: stopEngine };
}
