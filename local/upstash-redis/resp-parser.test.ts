import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRespParser } from './resp-parser.ts';
import type { RespValue } from './resp-parser.ts';

function parseInChunks(bytes: Buffer, cuts: readonly number[]): RespValue[] {
  const replies: RespValue[] = [];
  const parser = createRespParser((reply) => replies.push(reply));
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, edge] of edges.slice(1).entries()) parser.push(bytes.subarray(edges[index], edge));
  return replies;
}

function parse(text: string): RespValue[] {
  return parseInChunks(Buffer.from(text), []);
}

/** The specification read the other way: what a server writes for a value. */
function write(value: RespValue): Buffer {
  if (value === null) return Buffer.from('$-1\r\n');
  if (typeof value === 'number') return Buffer.from(`:${value}\r\n`);
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
  if (Array.isArray(value))
    return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map((item) => write(item))]);
  return Buffer.from(value.kind === 'status' ? `+${value.text}\r\n` : `-${value.message}\r\n`);
}

const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));
const { value: anyReply } = fc.letrec<{ value: RespValue; list: RespValue[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.integer(),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    line.map((text) => ({ kind: 'status' as const, text })),
    line.map((message) => ({ kind: 'error' as const, message })),
    tie('list'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }),
}));

test('any replies come out whole and in order wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(anyReply, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 20 }), (replies, cuts) => {
      expect(parseInChunks(Buffer.concat(replies.map((reply) => write(reply))), cuts)).toEqual(replies);
    }),
  );
});

test('one byte at a time is enough', () => {
  const bytes = Buffer.from('*3\r\n+OK\r\n$5\r\nh\r\n\r\n\r\n*2\r\n:-7\r\n$-1\r\n-ERR no\r\n');
  const replies = parseInChunks(
    bytes,
    Array.from({ length: bytes.length }, (_, index) => index),
  );
  expect(replies).toEqual([
    [{ kind: 'status', text: 'OK' }, Buffer.from('h\r\n\r\n'), [-7, null]],
    { kind: 'error', message: 'ERR no' },
  ]);
});

test('a null array is null', () => {
  expect(parse('*-1\r\n')).toEqual([null]);
});

test('nothing comes out before a reply is whole', () => {
  expect(parse('*2\r\n:1\r\n$3\r\nab')).toEqual([]);
});

test('a string of twenty megabytes in small chunks takes time in proportion to its length', () => {
  const bytes = write([Buffer.alloc(20 * 1024 * 1024, 'x'), 1]);
  const replies: RespValue[] = [];
  const parser = createRespParser((reply) => replies.push(reply));
  const before = process.cpuUsage();
  for (let at = 0; at < bytes.length; at += 4096) parser.push(bytes.subarray(at, at + 4096));
  expect(replies).toHaveLength(1);
  const { user, system } = process.cpuUsage(before);
  // Joining what has arrived anew at each of the 5000 chunks would copy 50 GB.
  expect((user + system) / 1000).toBeLessThan(5000);
});

test.each(['?\r\n', '$x\r\n', '$-2\r\n', ':1.5\r\n', '$99999999999\r\n'])('the bytes %j are refused', (text) => {
  expect(() => parse(text)).toThrow(/^Redis sent/);
});
