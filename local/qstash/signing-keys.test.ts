import { Receiver } from '@upstash/qstash';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CURRENT_SIGNING_KEY, NEXT_SIGNING_KEY, startTestQstash, type TestQstash } from './testing/test-qstash.ts';

type Keys = { current: string; next: string };

let qstash: TestQstash;

beforeAll(async () => {
  qstash = await startTestQstash();
});
afterAll(() => qstash.stop());

async function readKeys(method: string, path: string): Promise<Keys> {
  return (await (await qstash.call(method, path)).json()) as Keys;
}

async function deliverAndVerify(path: string, keys: Keys): Promise<boolean> {
  const url = qstash.receiver.url + path;
  await qstash.client.publish({ url, body: 'x' });
  const [delivery] = await qstash.receiver.waitFor(1, path);
  const receiver = new Receiver({ currentSigningKey: keys.current, nextSigningKey: keys.next });
  return receiver.verify({ signature: delivery?.headers['upstash-signature'] ?? '', body: 'x', url });
}

describe('the signing keys', () => {
  it('rotate so that a receiver with the old pair goes on working, and one two rotations behind does not', async () => {
    const configured = { current: CURRENT_SIGNING_KEY, next: NEXT_SIGNING_KEY };
    expect(await readKeys('GET', '/v2/keys')).toEqual(configured);
    expect(await deliverAndVerify('/before', configured)).toBe(true);

    const rotated = await readKeys('POST', '/v2/keys/rotate');
    expect(rotated).toEqual({ current: NEXT_SIGNING_KEY, next: expect.stringMatching(/^sig_/) });
    expect(await readKeys('GET', '/v2/keys')).toEqual(rotated);
    expect(await deliverAndVerify('/old-pair', configured)).toBe(true);
    expect(await deliverAndVerify('/new-pair', rotated)).toBe(true);

    const again = await readKeys('POST', '/v2/keys/rotate');
    expect(await deliverAndVerify('/again', again)).toBe(true);
    await expect(deliverAndVerify('/too-old', configured)).rejects.toThrow(/signature/);
  });
});
