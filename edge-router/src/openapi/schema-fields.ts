import * as z from 'zod';

/** A line of the page: `candidates[].verdict`, what it may be, and its words. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

const MAX_DEPTH = 4;
const MAX_VALUES_SHOWN = 12;

const nodeSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  /** False beside the forms of a tuple. */
  items: z.union([z.boolean().transform(() => undefined), z.looseObject({})]).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  format: z.string().optional(),
  default: z.unknown().optional(),
});
type Node = z.output<typeof nodeSchema>;

/** The fields of a JSON Schema, those of its objects and lists below them. */
export function listFields(schema: unknown): Field[] {
  return walk(nodeSchema.parse(schema), { prefix: '', depth: 0 });
}

interface Where {
  readonly prefix: string;
  readonly depth: number;
}

function walk(node: Node, { prefix, depth }: Where): Field[] {
  if (depth > MAX_DEPTH) return [];
  const inner = node.items === undefined ? [] : walk(nodeSchema.parse(node.items), { prefix: `${prefix}[]`, depth });
  const forms = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap((form) =>
    walk(nodeSchema.parse(form), { prefix, depth: depth + 1 }),
  );
  const own = Object.entries(node.properties ?? {}).flatMap(([key, value]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const property = nodeSchema.parse(value);
    const isOptional = node.required?.includes(key) !== true && property.default === undefined && node.required;
    const type = [describeType(property), isOptional ? 'optional' : ''].filter(Boolean).join(', ');
    const field = { name, type, description: property.description ?? '' };
    return [field, ...walk(property, { prefix: name, depth: depth + 1 })];
  });
  return dropRepeated([...own, ...inner, ...forms]);
}

/** Forms of a union share fields: the first telling is enough, unless another type is told. */
function dropRepeated(fields: readonly Field[]): Field[] {
  const seen = new Set<string>();
  return fields.filter(({ name, type }) => {
    const line = `${name} ${type}`;
    const isNew = !seen.has(line);
    seen.add(line);
    return isNew;
  });
}

function describeType(node: Node): string {
  const forms = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].map((form) => describeType(nodeSchema.parse(form)));
  if (forms.length > 0) return [...new Set(forms)].join(' or ');
  if (node.enum) return node.enum.slice(0, MAX_VALUES_SHOWN).map(String).join(' | ');
  if (node.const !== undefined) return JSON.stringify(node.const);
  const items = node.items === undefined ? '' : describeType(nodeSchema.parse(node.items));
  const type = items === '' ? [node.type ?? 'any'].flat().join(' or ') : `list of ${items}`;
  return [type, ...describeBounds(node)].join(', ');
}

function describeBounds(node: Node): string[] {
  const bounds: string[] = [];
  if (node.format !== undefined) bounds.push(node.format);
  const range = describeRange(node);
  if (range !== '') bounds.push(range);
  if (node.maxLength !== undefined) bounds.push(`at most ${node.maxLength} characters`);
  if (node.maxItems !== undefined) bounds.push(`at most ${node.maxItems}`);
  if (node.default !== undefined) bounds.push(`default ${JSON.stringify(node.default)}`);
  return bounds;
}

/** The bounds that every whole number has in JavaScript are nobody's. */
function describeRange({ minimum, exclusiveMinimum, maximum }: Node): string {
  const words: string[] = [];
  if (exclusiveMinimum !== undefined) words.push(`above ${exclusiveMinimum}`);
  if (minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER) words.push(`from ${minimum}`);
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) words.push(`to ${maximum}`);
  return words.join(' ');
}
