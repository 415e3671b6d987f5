import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRoute, type Route } from './router.ts';

const routes: Route[] = ['/v2/publish/*', '/v2/enqueue/:queue/*', '/v2/messages', '/v2/messages/:id'].map((path) => ({
  methods: ['POST'],
  path,
  handle: () => ({ status: 200 }),
}));

function match(url: string) {
  const found = findRoute(routes, 'POST', url);
  return found === undefined ? undefined : { path: found.route.path, params: found.params, rest: found.rest };
}

describe('routes', () => {
  it.each([
    ['/v2/messages', '/v2/messages', {}, ''],
    ['/v2/messages/msg_1?x=1', '/v2/messages/:id', { id: 'msg_1' }, ''],
    ['/v2/messages/a%2Fb', '/v2/messages/:id', { id: 'a/b' }, ''],
    ['/v2/publish/group', '/v2/publish/*', {}, 'group'],
    ['/v2/publish/https://a.com/b//c?d=%20e&f', '/v2/publish/*', {}, 'https://a.com/b//c?d=%20e&f'],
    ['/v2/publish/https%3A%2F%2Fa.com%2Fb%3Fc%3D1', '/v2/publish/*', {}, 'https://a.com/b?c=1'],
    ['/v2/publish/https://a.com?upstash-retries=3&x=1&qstash_token=t', '/v2/publish/*', {}, 'https://a.com?x=1'],
    ['/v2/enqueue/line/http://a.com/?y', '/v2/enqueue/:queue/*', { queue: 'line' }, 'http://a.com/?y'],
  ])('%s', (url, path, params, rest) => {
    expect(match(url)).toEqual({ path, params, rest });
  });

  it('know their methods and nothing else', () => {
    expect(findRoute(routes, 'GET', '/v2/messages')).toBeUndefined();
    expect(match('/v2/other')).toBeUndefined();
    expect(match('/v2/messages/a/b')).toBeUndefined();
  });

  it('hand an address on unchanged', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (address) => {
        fc.pre(!/[?&](upstash-|qstash_token)/i.test(address) && !/\?$|&&|\?&|&$/.test(address));
        expect(match(`/v2/publish/${address}`)?.rest).toBe(address);
      }),
    );
  });
});
