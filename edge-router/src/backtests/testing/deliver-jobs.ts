import { signDelivery } from '../../../../local/qstash/protocol/signature.ts';
import { TEST_SIGNING_KEYS, type SentMessage, type TestRouter } from '../../testing/test-router.ts';

function isFor({ url }: SentMessage, job: string): boolean {
  return url.endsWith(`/v1/jobs/${job}`);
}

/** Delivers one message, signed as QStash does. */
export async function deliverJob(router: TestRouter, { url, body }: SentMessage): Promise<number> {
  const signingKey = TEST_SIGNING_KEYS.currentSigningKey;
  const signature = signDelivery({ url, body: Buffer.from(body), signingKey, nowMs: Date.now() });
  const headers = { 'upstash-signature': signature, 'content-type': 'application/json' };
  return (await router.send('POST', new URL(url).pathname, { body, headers, apiKey: null })).status;
}

/** Takes the messages of this job that wait out of those that were sent. */
export function takeJobs(router: TestRouter, job: string): SentMessage[] {
  const taken = router.sent.filter((message) => isFor(message, job));
  const left = router.sent.filter((message) => !isFor(message, job));
  router.sent.splice(0, router.sent.length, ...left);
  return taken;
}

/** Delivers the messages of this job, and those that come of them, each `times` times. @returns how many there were */
export async function deliverJobs(router: TestRouter, job: string, times = 1): Promise<number> {
  let delivered = 0;
  for (let waiting = takeJobs(router, job); waiting.length > 0; waiting = takeJobs(router, job)) {
    for (const message of waiting) {
      for (let time = 0; time < times; time++) {
        const status = await deliverJob(router, message);
        if (status !== 204) throw new Error(`${job} answered ${status}`);
      }
      delivered += 1;
    }
  }
  return delivered;
}
