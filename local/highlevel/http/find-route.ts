import type { Route } from './route.ts';

type Match = { readonly route: Route; readonly params: Readonly<Record<string, string>> };

/** Finds routes by method and path. A path without variable parts wins over one with; case and a final slash matter. */
export function createRouteFinder(routes: readonly Route[]): (method: string, path: string) => Match | undefined {
  const table = routes
    .map((route) => ({ route, parts: route.path.split('/') }))
    .toSorted((a, b) => countVariables(a.parts) - countVariables(b.parts));
  return (method, path) => {
    const given = path.split('/');
    for (const { route, parts } of table) {
      if (route.method !== method) continue;
      const params = matchParts(parts, given);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  };
}

function matchParts(parts: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== value) return undefined;
    } else if (value === '') return undefined;
    else params[part.slice(1)] = decode(value);
  }
  return params;
}

function countVariables(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith(':')).length;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
