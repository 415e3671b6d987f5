import type { RawRequest, Reply } from '../http/answer-call.ts';
import { withoutDeviations } from './deviations.ts';
import { openContract } from './open-contract.ts';
import { openWebhookContract } from './open-webhook-contract.ts';

const contract = openContract();
const findUnknownFields = openWebhookContract();
if (contract === null) console.log("Not held against HighLevel's documents: they are not beside the project.");

/** For `onExchange` of a sandbox in a test: collects what HighLevel's documents do not know. */
export function watchExchanges() {
  const problems = new Set<string>();

  function onExchange(request: RawRequest, { answer }: Reply): void {
    if (contract === null || answer === undefined) return;
    const { method, path, query, headers } = request;
    const version = headers['version'];
    const found = contract.findProblems({
      method,
      path,
      query,
      version: typeof version === 'string' ? version : undefined,
      body: readBody(request),
      status: answer.status,
      answer: structuredClone(answer.json),
    });
    for (const problem of withoutDeviations(found)) problems.add(problem);
  }

  function watchWebhooks(bodies: readonly string[]): void {
    const payloads = bodies.map((body) => JSON.parse(body) as Record<string, unknown>);
    for (const problem of payloads.flatMap((payload) => findUnknownFields?.(payload) ?? [])) problems.add(problem);
  }

  return { onExchange, watchWebhooks, listProblems: (): string[] => [...problems] };
}

/** As the sandbox has read it; it may be no JSON at all, but then it was refused. */
function readBody({ headers, body }: RawRequest): unknown {
  if (String(headers['content-type']).startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(body));
  }
  try {
    return body === '' ? {} : JSON.parse(body);
  } catch {
    return undefined;
  }
}
