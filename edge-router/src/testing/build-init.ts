export interface SendOptions {
  /** An object is sent as JSON; a string, bytes or a form as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null sends no Authorization header. */
  readonly apiKey?: string | null;
}

export function buildInit(method: string, options: SendOptions): RequestInit {
  const { body } = options;
  const sent = body === undefined ? null : isRaw(body) ? body : JSON.stringify(body);
  return { method, headers: buildHeaders(options), body: sent };
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> | FormData {
  return typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
}

function buildHeaders({ body, headers, apiKey }: SendOptions): Headers {
  const built = new Headers(headers);
  if (apiKey) built.set('authorization', `Bearer ${apiKey}`);
  // A form's own type has its boundary.
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm && !built.has('content-type')) built.set('content-type', 'application/json');
  return built;
}
