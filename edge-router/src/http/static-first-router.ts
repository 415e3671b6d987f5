import type { Result, Router } from 'hono/router';
import { TrieRouter } from 'hono/router/trie-router';

/**
 * Hono's trie, which is asked once for each fixed address and remembers the answer: walking it costs more than a small
 * handler. (Hono's own remedy, one regular expression for all, cannot tell `/leads/batch` from `/leads/:id/reassign`.)
 */
export function createStaticFirstRouter<T>(): Router<T> {
  const trie = new TrieRouter<T>();
  const fixedPaths = new Set<string>();
  const found = new Map<string, Result<T>>();
  return {
    name: 'StaticFirstRouter',
    add: (method, path, handler) => {
      trie.add(method, path, handler);
      if (!/[:*]/.test(path)) fixedPaths.add(path);
      found.clear();
    },
    match: (method, path) => {
      if (!fixedPaths.has(path) || !KNOWN_METHODS.has(method)) return trie.match(method, path);
      const key = `${method} ${path}`;
      const known = found.get(key);
      if (known) return known;
      const result = trie.match(method, path);
      found.set(key, result);
      return result;
    },
  };
}

/** Anybody may make up methods; what is remembered is bounded by these and the fixed paths. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
