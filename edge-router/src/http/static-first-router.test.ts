import { TrieRouter } from 'hono/router/trie-router';
import { expect, it } from 'vitest';
import { createStaticFirstRouter } from './static-first-router.ts';

const routes = [
  ['ALL', '/*', 'everything'],
  ['ALL', '/v1/locations/*', 'locations'],
  ['POST', '/v1/leads', 'send'],
  ['GET', '/v1/leads', 'list'],
  ['POST', '/v1/leads/batch', 'batch'],
  ['GET', '/v1/leads/:id', 'look up'],
  ['POST', '/v1/leads/:id/reassign', 'reassign'],
  ['GET', '/v1/locations/nearby', 'nearby'],
] as const;

const asked = [
  '/v1/leads',
  '/v1/leads/batch',
  '/v1/leads/1',
  '/v1/leads/1/reassign',
  '/v1/locations/nearby',
  '/v2',
].flatMap((path) => ['GET', 'POST', 'BREW'].map((method) => [method, path] as const));

it('finds what the trie finds, at first and again, and what was added later too', () => {
  const [router, trie] = [createStaticFirstRouter<string>(), new TrieRouter<string>()];
  for (const [method, path, handler] of routes) {
    router.add(method, path, handler);
    trie.add(method, path, handler);
    for (const round of [1, 2]) {
      for (const [askedMethod, askedPath] of asked) {
        expect([round, router.match(askedMethod, askedPath)]).toEqual([round, trie.match(askedMethod, askedPath)]);
      }
    }
  }
});
