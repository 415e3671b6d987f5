// HighLevel's own OpenAPI documents, held against what goes over the wire. They are not part of this project: where the folder is
// missing there is no contract to hold. Objects are read as closed, so that a field the documents do not name is a problem too.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

/** Beside the checkout. */
export const documentsFolder = join(import.meta.dirname, '../../../../shared/ghl-openapi');
/** The documents refer to each other by relative addresses; these are the absolute ones. */
const BASE = 'https://highlevel.example/';
const COMMON = 'common/common-schemas.json';

type Parameter = {
  readonly name: string;
  readonly in: 'query' | 'header' | 'path';
  readonly required?: boolean;
  readonly schema: { readonly enum?: readonly string[] };
};
type Content = { readonly content?: Readonly<Record<string, { readonly schema: unknown }>> };

type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
};

/** One call as it went over the wire, its bodies parsed. */
export type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly version: string | undefined;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
};

type Known = Operation & {
  /** `POST /locations/`, as the document prints it. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly file: string;
  /** Where it stands, as the address of a schema. */
  readonly address: string;
};

export type Contract = NonNullable<ReturnType<typeof openContract>>;

/** Null where the documents are missing. */
export function openContract() {
  if (!existsSync(documentsFolder)) return null;
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
  formats.default(ajv);
  const documents = new Map([COMMON, ...listModules()].map((file) => [file, readDocument(file)] as const));
  for (const [file, document] of documents) ajv.addSchema(document, BASE + file);
  const operations = listModules().flatMap((file) => listOperations(file, documents.get(file) ?? {}));
  const validators = new Map<string, ValidateFunction>();

  function validate(address: string, value: unknown): string[] {
    const known = validators.get(address) ?? ajv.compile({ $ref: address });
    validators.set(address, known);
    return known(value) ? [] : (known.errors ?? []).map(describeError);
  }

  function findOperation(method: string, path: string): Known | undefined {
    const matching = operations.filter(({ name, pattern }) => name.startsWith(`${method} `) && pattern.test(path));
    return matching.toSorted((a, b) => countVariables(a.name) - countVariables(b.name))[0];
  }

  /** What is wrong with the answer and, where it was accepted, with the request. A line each; none: both are as documented. */
  function findProblems(exchange: Exchange): string[] {
    const operation = findOperation(exchange.method, exchange.path);
    if (operation === undefined) return [];
    const isAccepted = exchange.status < 300;
    const request = isAccepted
      ? [...findQueryProblems(operation, exchange), ...findBodyProblems(operation, exchange)]
      : [];
    const problems = [
      ...request.map((problem) => `request: ${problem}`),
      ...findAnswerProblems(operation, exchange).map((problem) => `answer ${exchange.status}: ${problem}`),
    ];
    return problems.map((problem) => `${operation.name} ${problem}`);
  }

  function findBodyProblems({ requestBody, address }: Known, { body }: Exchange): string[] {
    const [type] = Object.keys(requestBody?.content ?? {});
    if (type === undefined) return [];
    return validate(`${address}/requestBody/content/${escapePointer(type)}/schema`, body);
  }

  function findAnswerProblems({ responses, address }: Known, { status, answer }: Exchange): string[] {
    const response = responses[String(status)];
    if (response === undefined) return ['this status is not documented'];
    const content = response.content?.['application/json'];
    if (content === undefined) return [];
    return validate(`${address}/responses/${status}/content/application~1json/schema`, withoutTraceId(answer));
  }

  return {
    operations,
    findProblems,
    resolve: (operation: Known, schema: unknown) => resolve(documents, operation.file, schema),
  };
}

function listModules(): string[] {
  return readdirSync(join(documentsFolder, 'apps')).map((file) => `apps/${file}`);
}

function listOperations(file: string, document: Record<string, unknown>): Known[] {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => ['get', 'post', 'put', 'delete'].includes(method))
      .map(([method, operation]) => ({
        ...operation,
        file,
        name: `${method.toUpperCase()} ${path}`,
        pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
        address: `${BASE}${file}#/paths/${escapePointer(path)}/${method}`,
      })),
  );
}

function readDocument(file: string): Record<string, unknown> {
  const document: unknown = JSON.parse(readFileSync(join(documentsFolder, file), 'utf8'));
  closeObjects(document);
  return document as Record<string, unknown>;
}

/** In place: an object whose properties are listed has no others. */
function closeObjects(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  for (const child of Object.values(node)) closeObjects(child);
  const isSchema = 'properties' in node && typeof node.properties === 'object' && 'type' in node;
  if (isSchema && node.type === 'object' && !('additionalProperties' in node)) {
    Object.assign(node, { additionalProperties: false });
  }
}

function findQueryProblems({ parameters = [] }: Known, { query, version }: Exchange): string[] {
  const known = parameters.filter((parameter) => parameter.in === 'query');
  const missing = known.filter(({ name, required }) => required === true && !query.has(name));
  const unknown = [...query.keys()].filter((key) => !known.some(({ name }) => name === key));
  const wrong = known.filter(
    ({ name, schema }) => query.has(name) && schema.enum?.includes(query.get(name) ?? '') === false,
  );
  const versions = parameters.find(({ name }) => name === 'Version')?.schema.enum;
  return [
    ...missing.map(({ name }) => `query ${name} is missing`),
    ...unknown.map((name) => `query ${name} is not documented`),
    ...wrong.map(({ name }) => `query ${name} has no documented value`),
    ...(versions === undefined || versions.includes(version ?? '') ? [] : [`Version ${version} is not documented`]),
  ];
}

function withoutTraceId(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('traceId' in answer)) return answer;
  const { traceId: _, ...rest } = answer;
  return rest;
}

function describeError({ instancePath, message, params }: ErrorObject): string {
  const { additionalProperty } = params as { additionalProperty?: string };
  return `${instancePath === '' ? '/' : instancePath} ${message}${additionalProperty === undefined ? '' : `: ${additionalProperty}`}`;
}

/** The schema with what it refers to written out. Only `allOf` lists of one are used in the documents. */
function resolve(documents: ReadonlyMap<string, unknown>, file: string, schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((one) => resolve(documents, file, one));
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('allOf' in schema && Array.isArray(schema.allOf)) return resolve(documents, file, schema.allOf[0]);
  if (!('$ref' in schema) || typeof schema.$ref !== 'string') {
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolve(documents, file, value)]));
  }
  const { pathname, hash } = new URL(schema.$ref, BASE + file);
  const target = pathname.slice(1);
  const steps = hash.split('/').slice(1);
  const found = steps.reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], documents.get(target));
  return resolve(documents, target, found);
}

function countVariables(name: string): number {
  return name.split('{').length - 1;
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
