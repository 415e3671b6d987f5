import { Receiver } from '@upstash/qstash';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signDelivery } from './signature.ts';

const URL_WITH_QUERY = 'https://example.com/hook?tenant=7';
const receiver = new Receiver({ currentSigningKey: 'sig_current', nextSigningKey: 'sig_next' });

function sign(overrides: { url?: string; body?: string; signingKey?: string; nowMs?: number } = {}): string {
  const { url = URL_WITH_QUERY, body = '{"a":1}', signingKey = 'sig_current', nowMs = Date.now() } = overrides;
  return signDelivery({ url, body: Buffer.from(body), signingKey, nowMs });
}

describe('a signed delivery', () => {
  it.each(['sig_current', 'sig_next'])('is accepted by the vendor receiver when signed with %s', async (signingKey) => {
    const signature = sign({ signingKey });
    await expect(receiver.verify({ signature, body: '{"a":1}', url: URL_WITH_QUERY })).resolves.toBe(true);
  });

  it('is refused for another body, address or key, and once it is five minutes old', async () => {
    const sixMinutesAgoMs = Date.now() - 360_000;
    await expect(receiver.verify({ signature: sign(), body: '{"a":2}', url: URL_WITH_QUERY })).rejects.toThrow(
      /body hash/,
    );
    await expect(
      receiver.verify({ signature: sign(), body: '{"a":1}', url: 'https://example.com/hook' }),
    ).rejects.toThrow(/subject/);
    await expect(receiver.verify({ signature: sign({ signingKey: 'current' }), body: '{"a":1}' })).rejects.toThrow(
      /signature/,
    );
    await expect(
      receiver.verify({ signature: sign({ signingKey: 'sig_next', nowMs: sixMinutesAgoMs }), body: '{"a":1}' }),
    ).rejects.toThrow(/exp/);
  });

  it('covers any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (body) => {
        const signature = signDelivery({
          url: URL_WITH_QUERY,
          body: Buffer.from(body),
          signingKey: 'sig_next',
          nowMs: Date.now(),
        });
        await expect(receiver.verify({ signature, body, url: URL_WITH_QUERY })).resolves.toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
