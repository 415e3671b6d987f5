import { describeAddress, describeOptions } from './message-json.ts';
import type { DeliveryResponse, Message } from './message.ts';
import { redactBody, redactHeaders } from './redaction.ts';

export type EventState =
  | 'CREATED'
  | 'ACTIVE'
  | 'RETRY'
  | 'ERROR'
  | 'DELIVERED'
  | 'FAILED'
  | 'CANCEL_REQUESTED'
  | 'CANCELED';

/** What a log entry says beyond its message, as the API shows it. */
export type EventDetail = {
  readonly nextDeliveryTime?: number;
  readonly error?: string;
  readonly responseStatus?: number;
  readonly responseHeaders?: DeliveryResponse['headers'];
  readonly responseBody?: string;
};

type LoggedEvent = {
  readonly timeMs: number;
  readonly state: EventState;
  readonly detail: EventDetail;
  readonly message: Message;
};

/** Longer answers are cut in the log; the dead letter keeps them whole. */
const MAX_LOGGED_RESPONSE_BYTES = 16_384;

/** One entry of `GET /v2/events`; both bodies are base64. */
export function describeEvent({ timeMs, state, detail, message }: LoggedEvent) {
  const { spec } = message;
  return {
    time: timeMs,
    state,
    messageId: message.id,
    ...describeAddress(message),
    method: spec.method,
    header: redactHeaders(spec.header, spec.redaction),
    body: redactBody(message.body, spec.redaction).toString('base64'),
    maxRetries: spec.retries,
    ...describeOptions(spec),
    ...detail,
  };
}

export function describeFailure(response: DeliveryResponse): EventDetail {
  return {
    error: response.error ?? `destination answered ${response.status}`,
    responseStatus: response.status,
    responseHeaders: response.headers,
    responseBody: response.body.subarray(0, MAX_LOGGED_RESPONSE_BYTES).toString('base64'),
  };
}
