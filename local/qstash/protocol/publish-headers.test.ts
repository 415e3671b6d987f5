import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePublishHeaders, type MessageSpec } from './publish-headers.ts';

function parse(headers: Record<string, string>): MessageSpec {
  const spec = parsePublishHeaders(headers);
  if (!spec.ok) throw new Error(spec.error);
  return spec.value;
}

describe('the headers of a message', () => {
  it('have QStash defaults', () => {
    expect(parse({})).toEqual({
      method: 'POST',
      header: {},
      retries: 3,
      retryDelay: undefined,
      timeoutMs: undefined,
      delayMs: undefined,
      notBeforeMs: undefined,
      callback: undefined,
      failureCallback: undefined,
      labels: [],
      flowControl: undefined,
      queueName: undefined,
      deduplication: undefined,
      redaction: { body: false, headers: [] },
    });
  });

  it('are all read', () => {
    const spec = parse({
      'content-type': 'application/json',
      'upstash-method': 'put',
      'upstash-forward-x-tenant': '7',
      'upstash-retries': '0',
      'upstash-retry-delay': 'pow(2, retried)',
      'upstash-timeout': '30s',
      'upstash-delay': '1d10h30m',
      'upstash-not-before': '1795435200',
      'upstash-label': 'lead, retry ,',
      'upstash-flow-control-key': 'tenant-7',
      'upstash-flow-control-value': 'parallelism=2, rate=5, period=1m',
      'upstash-queue-name': 'tenant.7',
      'upstash-deduplication-id': 'once',
      'upstash-redact-fields': 'body',
    });
    expect(spec).toMatchObject({
      method: 'PUT',
      header: { 'Content-Type': ['application/json'], 'X-Tenant': ['7'] },
      retries: 0,
      retryDelay: { source: 'pow(2, retried)' },
      timeoutMs: 30_000,
      delayMs: 124_200_000,
      notBeforeMs: 1_795_435_200_000,
      labels: ['lead', 'retry'],
      flowControl: { key: 'tenant-7', limits: { parallelism: 2, rate: 5, periodSeconds: 60 } },
      queueName: 'tenant.7',
      deduplication: { kind: 'id', id: 'once' },
      redaction: { body: true, headers: [] },
    });
  });

  it('give a callback its own options, and by default the retries of the message', () => {
    const spec = parse({
      'upstash-retries': '5',
      'upstash-callback': 'https://example.com/done',
      'upstash-callback-method': 'PUT',
      'upstash-callback-forward-x-key': 'k',
      'upstash-failure-callback': 'https://example.com/dead',
      'upstash-failure-callback-retries': '1',
    });
    expect(spec.callback).toEqual({
      url: 'https://example.com/done',
      headers: {
        'content-type': 'application/json',
        'upstash-retries': '5',
        'upstash-method': 'PUT',
        'upstash-forward-x-key': 'k',
      },
    });
    expect(spec.failureCallback?.headers['upstash-retries']).toBe('1');
  });

  it('prefer a deduplication id to the content', () => {
    expect(parse({ 'upstash-content-based-deduplication': 'true' }).deduplication).toEqual({ kind: 'content' });
    expect(
      parse({ 'upstash-content-based-deduplication': 'true', 'upstash-deduplication-id': 'x' }).deduplication,
    ).toEqual({ kind: 'id', id: 'x' });
  });

  it.each([
    [{ 'upstash-method': 'TRACE' }, /Upstash-Method/],
    [{ 'upstash-retries': '-1' }, /Upstash-Retries/],
    [{ 'upstash-retries': '3.5' }, /Upstash-Retries/],
    [{ 'upstash-retry-delay': 'eval(1)' }, /retry delay/],
    [{ 'upstash-timeout': '30' }, /Upstash-Timeout/],
    [{ 'upstash-delay': 'soon' }, /Upstash-Delay/],
    [{ 'upstash-delay': '400d' }, /Upstash-Delay/],
    [{ 'upstash-not-before': '2026-11-23' }, /Upstash-Not-Before/],
    [{ 'upstash-callback': 'example.com' }, /invalid scheme/],
    [{ 'upstash-callback': 'https://a b' }, /invalid url/],
    [{ 'upstash-callback': 'https://example.com', 'upstash-callback-retries': 'x' }, /callback configuration/],
    [{ 'upstash-callback': 'https://example.com', 'upstash-callback-delay': '5s' }, /cannot be delayed/],
    [{ 'upstash-flow-control-key': 'k' }, /flow control/],
    [{ 'upstash-queue-name': 'a b' }, /Upstash-Queue-Name/],
    [{ 'upstash-redact-fields': 'everything' }, /redact/],
  ])('refuse %j', (headers, problem) => {
    const spec = parsePublishHeaders(headers);
    expect(spec).toMatchObject({ ok: false, error: expect.stringMatching(problem) });
  });

  it('never throw, whatever is in them', () => {
    const name = fc.constantFrom(
      'method',
      'retries',
      'retry-delay',
      'timeout',
      'delay',
      'not-before',
      'callback',
      'label',
      'flow-control-key',
      'flow-control-value',
      'redact-fields',
      'callback-callback',
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          name.map((option) => `upstash-${option}`),
          fc.string(),
        ),
        (headers) => {
          expect(() => parsePublishHeaders(headers)).not.toThrow();
        },
      ),
    );
  });
});
