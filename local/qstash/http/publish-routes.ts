import * as z from 'zod';
import type { Result } from '../../../edge-router/src/rules/result.ts';
import type { Acceptance, Problem, Submission } from '../accept-submission.ts';
import { collectPublishHeaders } from '../protocol/collect-headers.ts';
import { isName } from '../protocol/identifiers.ts';
import type { Services } from '../services.ts';
import { fail, parseJsonBody, succeed } from './respond.ts';
import type { ApiRequest, ApiResponse, Route } from './router.ts';

const batchSchema = z.array(
  z.object({
    destination: z.string(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().default(''),
    queue: z.string().optional(),
  }),
);

/** POST /v2/publish, /v2/enqueue and /v2/batch. */
export function createPublishRoutes({ intake }: Services): Route[] {
  async function publish(request: ApiRequest): Promise<ApiResponse> {
    const queueName = request.params['queue'];
    if (queueName !== undefined && !isName(queueName)) return fail(400, `invalid queue name: ${queueName}`);
    const [result] = await intake.submit([
      {
        destination: request.rest,
        publishHeaders: collectPublishHeaders(request),
        body: request.body,
        origin: { callerIp: request.callerIp, queueName },
      },
    ]);
    return result === undefined ? fail(500, 'nothing was published') : answerOne(result);
  }

  async function publishBatch(request: ApiRequest): Promise<ApiResponse> {
    const items = parseJsonBody(request, batchSchema);
    if (!items.ok) return items.error;
    const submissions = items.value.map(({ destination, headers, body, queue }): Submission => ({
      destination,
      publishHeaders: collectPublishHeaders({ headers: Object.entries(headers), query: [] }),
      body: Buffer.from(body),
      origin: { callerIp: request.callerIp, queueName: queue },
    }));
    const results = await intake.submit(submissions);
    return succeed(
      results.map((result) => (result.ok ? describeAcceptance(result.value) : { error: result.error.error })),
    );
  }

  return [
    { methods: ['POST'], path: '/v2/publish/*', handle: publish },
    { methods: ['POST'], path: '/v2/enqueue/:queue/*', handle: publish },
    { methods: ['POST'], path: '/v2/batch', handle: publishBatch },
  ];
}

/** 202 says that the message had been accepted before. */
function answerOne(result: Result<Acceptance, Problem>): ApiResponse {
  if (!result.ok) return fail(result.error.status, result.error.error);
  const { isGroup, accepted } = result.value;
  const isDuplicate = !isGroup && accepted.every(({ deduplicated }) => deduplicated);
  return { status: isDuplicate ? 202 : 200, json: describeAcceptance(result.value) };
}

/** One `{ messageId }`, or a list with addresses for a URL group. */
export function describeAcceptance({ isGroup, accepted }: Acceptance): unknown {
  const described = accepted.map(({ messageId, deduplicated, url }) => ({
    messageId,
    deduplicated: deduplicated || undefined,
    url: isGroup ? url : undefined,
  }));
  return isGroup ? described : described[0];
}
