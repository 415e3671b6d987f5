// The OpenAPI 3.1 description of the router (https://spec.openapis.org/oas/v3.1.1), made from the same zod schemas that
// parse the requests. It never describes an address by hand beyond its words.
import * as z from 'zod';
import { problemKinds, type ApiError } from '../http/problem.ts';
import type { Operation, OperationAnswer } from './operation.ts';
import { problemSchema } from './problem-answers.ts';

type Json = Record<string, unknown>;

export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: Json;
}

const DESCRIPTION = `Routes leads to a franchise's locations and says why. Every error is an RFC 9457 problem with a stable \`code\`, \
the \`requestId\` and, for input, every bad field at once. Coordinates are \`{ lng, lat }\`, distances are miles.`;

/** Builds the document. `publicUrl` is the server's own address. */
export function buildOpenApiDocument(operations: readonly Operation[], publicUrl: string): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = toTemplate(operation.path);
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operation) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Switchyard', version: '1', description: DESCRIPTION },
    servers: [{ url: publicUrl }],
    tags: [...new Set(operations.map((operation) => operation.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key. What it may do are its scopes.' },
      },
      schemas: { Problem: toJsonSchema(problemSchema, 'output') },
    },
  };
}

/** `/v1/leads/:id` as OpenAPI writes it: `/v1/leads/{id}`. */
function toTemplate(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
}

function describeOperation(operation: Operation): Json {
  const { tag, summary, description, scope, body } = operation;
  return {
    operationId: toOperationId(operation),
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    security: scope ? [{ apiKey: [] }] : [],
    ...(scope && scope !== 'any' ? { 'x-scope': scope } : {}),
    parameters: [...describePathParameters(operation), ...describeHeaders(operation), ...describeQuery(operation)],
    ...(body ? { requestBody: { required: true, content: describeBody(body) } } : {}),
    responses: { ...describeAnswers(operation.answers), ...describeProblems(listProblems(operation)) },
  };
}

function toOperationId({ method, path }: Operation): string {
  const words = path.split(/[^A-Za-z]+/).filter((word) => word !== '' && word !== 'v');
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function describePathParameters({ path, parameters = {} }: Operation): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: parameters[name] ?? '',
    schema: { type: 'string' },
  }));
}

function describeHeaders({ headers = {} }: Operation): Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

/** A query comes as text, whatever its schema makes of it: what is told are its bounds. */
function describeQuery({ query }: Operation): Json[] {
  if (!query) return [];
  const { properties, required } = objectSchema.parse(toJsonSchema(query, 'input'));
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name) && !('default' in schema),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function describeBody({ schema, example, csv, formFields }: NonNullable<Operation['body']>): Json {
  return {
    'application/json': { schema: toJsonSchema(schema, 'input'), example },
    ...(csv === undefined ? {} : { 'text/csv': { schema: { type: 'string' }, example: csv } }),
    ...(formFields === undefined ? {} : { 'multipart/form-data': { schema: describeForm(formFields) } }),
  };
}

function describeForm(fields: z.ZodType): Json {
  const { properties } = objectSchema.parse(toJsonSchema(fields, 'input'));
  const file = { type: 'string', contentMediaType: 'text/csv' };
  return { type: 'object', properties: { file, ...properties }, required: ['file'] };
}

function describeAnswers(answers: Operation['answers']): Json {
  const describe = ({ description, schema }: OperationAnswer): Json => ({
    description,
    ...(schema ? { content: { 'application/json': { schema: toJsonSchema(schema, 'output') } } } : {}),
  });
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, describe(answer)]));
}

function listProblems({ scope, query, body, problems = [] }: Operation): ApiError['kind'][] {
  return [
    ...(scope ? (['unauthenticated', 'forbidden', 'rate_limited', 'unavailable'] as const) : []),
    ...((query ?? body) ? (['invalid_input'] as const) : []),
    ...(body ? (['invalid_json', 'invalid_encoding', 'unsupported_media_type', 'body_too_large'] as const) : []),
    ...problems,
  ];
}

/** Several problems may share a status: they are told together, and `code` tells them apart. */
function describeProblems(kinds: readonly ApiError['kind'][]): Json {
  const byStatus = Map.groupBy([...new Set(kinds)], (kind) => problemKinds[kind].status);
  return Object.fromEntries(
    [...byStatus].map(([status, sharing]) => [
      status,
      {
        description: sharing.map((kind) => `\`${kind}\`: ${problemKinds[kind].title}`).join('; '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}
