import type { Finding } from './finding.ts';

/** What a sub-account has of each kind, by the name that is the same in all sub-accounts; a name may come twice. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

/**
 * What the template has and a sub-account lacks, and what it has more often than the template: HighLevel says itself that a
 * load may be "Completed" with less than all of it, and a snapshot loaded twice brings its assets twice.
 */
export function compareInventory(template: Inventory, found: Inventory): Finding[] {
  return Object.entries(template).flatMap(([kind, names]) => compareKind(kind, names, found[kind] ?? []));
}

function compareKind(kind: string, wanted: readonly string[], found: readonly string[]): Finding[] {
  const wantedCounts = countNames(wanted);
  const foundCounts = countNames(found);
  const findings = [...wantedCounts].flatMap(([name, count]): Finding[] => {
    const has = foundCounts.get(name) ?? 0;
    if (has < count)
      return [{ check: kind, name, status: 'missing', detail: `The template’s ${kind} “${name}” is missing.` }];
    if (has > count)
      return [{ check: kind, name, status: 'differs', detail: `The ${kind} “${name}” is there ${has} times.` }];
    return [];
  });
  if (findings.length > 0) return findings;
  return [{ check: kind, name: null, status: 'ok', detail: `All ${wanted.length} of the template are there.` }];
}

function countNames(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
