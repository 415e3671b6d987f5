import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { closeServer, listenOnLoopback } from '../../../../local/http-server.ts';
import { handleWebhooks } from '../../highlevel/handle-webhooks.ts';
import type { TestHighlevel } from '../../testing/test-highlevel.ts';

const PATH = '/v1/webhooks/highlevel';
/** Of a lead's life: none of onboarding's. */
const ignore = (): Promise<null> => Promise.resolve(null);
const ignoreAll = (events: readonly unknown[]): Promise<null[]> => Promise.resolve(events.map(() => null));

/** Lets the sandbox's webhooks reach the router, and does their job at once, as QStash would a little later. */
export async function receiveWebhooks({ sandbox, router }: TestHighlevel): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await buffer(request)).toString('utf8');
      const signature = request.headers['x-ghl-signature'];
      const headers = { 'x-ghl-signature': String(signature), 'content-type': 'application/json' };
      const answer = await router.send('POST', PATH, { body, apiKey: null, headers });
      const { webhookId } = JSON.parse(body) as { webhookId: string };
      if (answer.ok)
        await handleWebhooks({ ...router.deps, handleLeadWebhooks: ignoreAll, handleSourceEvent: ignore }, [webhookId]);
      response.writeHead(answer.status).end();
    })();
  });
  const port = await listenOnLoopback(server, { name: 'webhooks', port: 0 });
  await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: `http://127.0.0.1:${port}${PATH}` } });
  return async () => {
    await sandbox.admin('PATCH', 'settings', { app: { webhookUrl: null } });
    await closeServer(server);
  };
}
