// The table of routes against HighLevel's own documents: paths, versions, kinds of token, scopes, and every field of every body and
// query, with whether it must be there.

import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Route } from '../http/route.ts';
import { startTestSandbox } from '../testing/test-sandbox.ts';
import { routeDeviations } from './deviations.ts';
import { openContract, type Contract } from './open-contract.ts';

const sandbox = await startTestSandbox();
await sandbox.stop();
const contract = openContract();
if (contract === null) console.log("Skipped: HighLevel's OpenAPI documents are not beside the project.");
const cases = sandbox.routes.map((route) => ({ name: documentName(route), route }));

describe.skipIf(contract === null)('each route is as its document has it', () => {
  it.each(cases)('$name', ({ name, route }) => {
    const operation = contract?.operations.find((known) => known.name === name);
    const differences = operation === undefined ? ['it is not documented'] : compare(route, operation);
    expect(differences.filter((line) => !isExcused(`${name} ${line}`))).toEqual([]);
  });

  it('and no excuse is given for what is so anyway', () => {
    const all = cases.flatMap(({ name, route }) => {
      const operation = contract?.operations.find((known) => known.name === name);
      const differences = operation === undefined ? ['it is not documented'] : compare(route, operation);
      return differences.map((line) => `${name} ${line}`);
    });
    const unused = routeDeviations.filter(({ problem }) => !all.some((line) => problem.test(line)));
    expect(unused).toEqual([]);
  });
});

type Operation = Contract['operations'][number];

function compare(route: Route, operation: Operation): string[] {
  const { parameters = [] } = operation;
  const versions = parameters.find(({ name }) => name === 'Version')?.schema.enum ?? [];
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const [type] = Object.keys(operation.requestBody?.content ?? {});
  const documented = type === undefined ? undefined : operation.requestBody?.content?.[type]?.schema;
  return [
    ...difference('version', route.version === null ? [] : [route.version], versions),
    ...difference('security', route.security, listSchemes(operation)),
    ...difference('scope', route.scope === undefined ? [] : [route.scope], listScopes(operation)),
    ...difference(
      'query',
      route.query === undefined ? [] : listFields(toJsonSchema(route.query)),
      query.map(({ name, required }) => (required === true ? `${name}*` : name)),
    ),
    ...difference(
      'content type',
      route.body === undefined ? [] : [contentType(route)],
      type === undefined ? [] : [type],
    ),
    ...difference(
      'body',
      route.body === undefined ? [] : listFields(toJsonSchema(route.body)),
      documented === undefined ? [] : listFields(contract?.resolve(operation, documented)),
    ),
  ];
}

function difference(what: string, ours: readonly string[], theirs: readonly string[]): string[] {
  const extra = ours.filter((one) => !theirs.includes(one)).map((one) => `${what}: ${one} is not documented`);
  const missing = theirs.filter((one) => !ours.includes(one)).map((one) => `${what}: ${one} is missing`);
  return [...extra, ...missing];
}

function documentName({ method, path }: Route): string {
  return `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`;
}

function contentType({ bodyKind }: Route): string {
  return bodyKind === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
}

function listSchemes({ security = [] }: Operation): string[] {
  const names = security.flatMap((entry) => Object.keys(entry));
  return [...new Set(names.map((name) => (name === 'bearer' ? 'Location-Access' : name)))];
}

function listScopes({ security = [] }: Operation): string[] {
  return [...new Set(security.flatMap((entry) => Object.values(entry).flat()))];
}

function toJsonSchema(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

type Node = {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly items?: unknown;
};

/** `name*` for a field that must be there, `settings.flag` for one inside another, `team[].userId*` for one in a list. */
function listFields(schema: unknown, prefix = ''): string[] {
  const { properties = {}, required = [], items } = (schema ?? {}) as Node;
  const inList = items === undefined ? [] : listFields(items, `${prefix.slice(0, -1)}[].`);
  const own = Object.entries(properties).flatMap(([name, value]) => [
    `${prefix}${name}${required.includes(name) ? '*' : ''}`,
    ...listFields(value, `${prefix}${name}.`),
  ]);
  return [...own, ...inList];
}

function isExcused(line: string): boolean {
  return routeDeviations.some(({ problem }) => problem.test(line));
}
