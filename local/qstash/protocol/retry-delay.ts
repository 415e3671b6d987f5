// The `Upstash-Retry-Delay` expression: arithmetic over `retried`, in milliseconds. Parsed by descent into a tree
// and evaluated by walking it; never handed to eval or Function.
// https://upstash.com/docs/qstash/features/retry#custom-retry-delay

import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';

const MAX_EXPRESSION_LENGTH = 1_000;
const MAX_DEPTH = 50;

const OPERATORS = {
  '+': (left: number, right: number) => left + right,
  '-': (left: number, right: number) => left - right,
  '*': (left: number, right: number) => left * right,
  '/': (left: number, right: number) => left / right,
} as const;

type Operator = keyof typeof OPERATORS;

export type RetryDelay =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'retried' }
  | { readonly kind: 'negated'; readonly operand: RetryDelay }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: RetryDelay; readonly right: RetryDelay }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly RetryDelay[] };

const FUNCTIONS = {
  pow: { arity: 2, apply: (x: number, y: number) => x ** y },
  sqrt: { arity: 1, apply: Math.sqrt },
  abs: { arity: 1, apply: Math.abs },
  exp: { arity: 1, apply: Math.exp },
  floor: { arity: 1, apply: Math.floor },
  ceil: { arity: 1, apply: Math.ceil },
  round: { arity: 1, apply: Math.round },
  min: { arity: 2, apply: (x: number, y: number) => Math.min(x, y) },
  max: { arity: 2, apply: (x: number, y: number) => Math.max(x, y) },
} as const;

type FunctionName = keyof typeof FUNCTIONS;

/** The tree of an expression, or what is wrong with it. */
export function parseRetryDelay(source: string): Result<RetryDelay, string> {
  if (source.length > MAX_EXPRESSION_LENGTH) return err(`longer than ${MAX_EXPRESSION_LENGTH} characters`);
  const tokens = tokenize(source);
  if (!tokens.ok) return tokens;
  const cursor: Cursor = { tokens: tokens.value, at: 0, depth: 0 };
  const tree = parseSum(cursor);
  if (!tree.ok) return tree;
  const rest = cursor.tokens[cursor.at];
  return rest === undefined ? tree : err(`unexpected "${rest}"`);
}

/** Milliseconds before the next attempt; undefined when the expression has no finite answer of zero or more. */
export function evaluateRetryDelayMs(tree: RetryDelay, retried: number): number | undefined {
  const delayMs = evaluate(tree, retried);
  return Number.isFinite(delayMs) && delayMs >= 0 ? delayMs : undefined;
}

function evaluate(tree: RetryDelay, retried: number): number {
  switch (tree.kind) {
    case 'number':
      return tree.value;
    case 'retried':
      return retried;
    case 'negated':
      return -evaluate(tree.operand, retried);
    case 'binary':
      return OPERATORS[tree.operator](evaluate(tree.left, retried), evaluate(tree.right, retried));
    default: {
      const [x = Number.NaN, y = Number.NaN] = tree.args.map((argument) => evaluate(argument, retried));
      return FUNCTIONS[tree.name].apply(x, y);
    }
  }
}

type Cursor = { readonly tokens: readonly string[]; at: number; depth: number };

function tokenize(source: string): Result<readonly string[], string> {
  const tokens: string[] = [];
  const token = /\s*(\d+(?:\.\d+)?|\.\d+|[a-z]+|[-+*/(),])\s*/y;
  while (token.lastIndex < source.length) {
    const from = token.lastIndex;
    const text = token.exec(source)?.[1];
    if (text === undefined) return err(`unexpected "${source.slice(from, from + 10)}"`);
    tokens.push(text);
  }
  return tokens.length > 0 ? ok(tokens) : err('empty');
}

function parseSum(cursor: Cursor): Result<RetryDelay, string> {
  return parseChain(cursor, { operators: ['+', '-'], parseOperand: parseProduct });
}

function parseProduct(cursor: Cursor): Result<RetryDelay, string> {
  return parseChain(cursor, { operators: ['*', '/'], parseOperand: parseUnary });
}

type ChainRule = {
  readonly operators: readonly Operator[];
  readonly parseOperand: (cursor: Cursor) => Result<RetryDelay, string>;
};

function parseChain(cursor: Cursor, rule: ChainRule): Result<RetryDelay, string> {
  let left = rule.parseOperand(cursor);
  while (left.ok) {
    const operator = rule.operators.find((candidate) => candidate === cursor.tokens[cursor.at]);
    if (operator === undefined) return left;
    cursor.at++;
    const right = rule.parseOperand(cursor);
    if (!right.ok) return right;
    left = ok({ kind: 'binary', operator, left: left.value, right: right.value });
  }
  return left;
}

function parseUnary(cursor: Cursor): Result<RetryDelay, string> {
  if (cursor.depth >= MAX_DEPTH) return err(`nested deeper than ${MAX_DEPTH}`);
  cursor.depth++;
  const parsed = take(cursor, '-') ? negate(parseUnary(cursor)) : parsePrimary(cursor);
  cursor.depth--;
  return parsed;
}

function negate(operand: Result<RetryDelay, string>): Result<RetryDelay, string> {
  return operand.ok ? ok({ kind: 'negated', operand: operand.value }) : operand;
}

function parsePrimary(cursor: Cursor): Result<RetryDelay, string> {
  const token = cursor.tokens[cursor.at++];
  if (token === undefined) return err('ends too early');
  if (/^[\d.]/.test(token)) return ok({ kind: 'number', value: Number(token) });
  if (token === 'retried') return ok({ kind: 'retried' });
  if (isFunctionName(token)) return parseCall(cursor, token);
  return token === '(' ? closeAfter(cursor, parseSum(cursor)) : err(`unexpected "${token}"`);
}

function parseCall(cursor: Cursor, name: FunctionName): Result<RetryDelay, string> {
  if (!take(cursor, '(')) return err(`${name} needs its arguments in parentheses`);
  const args: RetryDelay[] = [];
  while (args.length < FUNCTIONS[name].arity) {
    if (args.length > 0 && !take(cursor, ',')) return err(`${name} takes ${FUNCTIONS[name].arity} arguments`);
    const argument = parseSum(cursor);
    if (!argument.ok) return argument;
    args.push(argument.value);
  }
  return closeAfter(cursor, ok({ kind: 'call', name, args }));
}

function closeAfter(cursor: Cursor, parsed: Result<RetryDelay, string>): Result<RetryDelay, string> {
  if (!parsed.ok) return parsed;
  return take(cursor, ')') ? parsed : err('a ")" is missing');
}

function take(cursor: Cursor, token: string): boolean {
  if (cursor.tokens[cursor.at] !== token) return false;
  cursor.at++;
  return true;
}

function isFunctionName(token: string): token is FunctionName {
  return Object.hasOwn(FUNCTIONS, token);
}
