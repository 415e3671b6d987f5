import type { TestRouter } from '../../testing/test-router.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export interface Answered {
  readonly status: number;
  readonly json: Json;
  readonly headers: Headers;
}

export type RunClient = ReturnType<typeof createRunClient>;

const MAX_ASKS = 300;

/** The API of runs as a caller uses it. */
export function createRunClient(router: Pick<TestRouter, 'send'>) {
  const send = async (method: string, path: string, body?: unknown): Promise<Answered> => {
    const response = await router.send(method, path, body === undefined ? {} : { body });
    return { status: response.status, json: (await response.json()) as Json, headers: response.headers };
  };
  const step = (runId: string, name: string, query = ''): Promise<Answered> =>
    send('POST', `/v1/onboarding/runs/${runId}/steps/${name}${query}`);

  /** Asks again as long as the answer is to come back. */
  async function ask(once: () => Promise<Answered>): Promise<Answered> {
    for (let asks = 0; asks < MAX_ASKS; asks++) {
      const answered = await once();
      if (answered.status !== 202) return answered;
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, answered.json.retryAfterSeconds * 1000)));
    }
    throw new Error('it is still not done');
  }

  return {
    get: (path: string) => send('GET', path),
    put: (path: string, body: unknown) => send('PUT', path, body),
    patch: (path: string, body: unknown) => send('PATCH', path, body),
    open: (body: unknown) => send('POST', '/v1/onboarding/runs', body),
    show: (runId: string) => send('GET', `/v1/onboarding/runs/${runId}`),
    correct: (runId: string, row: unknown) => send('PUT', `/v1/onboarding/runs/${runId}/row`, { row }),
    step,
    finishStep: (runId: string, name: string, query = '') => ask(() => step(runId, name, query)),
    rollBack: (runId: string) => ask(() => send('POST', `/v1/onboarding/runs/${runId}/roll-back`)),
  };
}
