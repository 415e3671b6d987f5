// Redis's replies in RESP2, parsed as they arrive in chunks of any size. It keeps its place inside nested arrays, so a large reply in
// many chunks is read once. https://redis.io/docs/latest/develop/reference/protocol-spec/

/** Bulk strings stay bytes. A status ("+OK") is kept apart from them, because Upstash encodes the two differently. */
export type RespValue = null | number | Buffer | RespStatus | RespError | RespValue[];
export type RespStatus = { kind: 'status'; text: string };
export type RespError = { kind: 'error'; message: string };

export type RespParser = { push: (chunk: Buffer) => void };

type OpenArray = { items: RespValue[]; length: number };

const CR = 13;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
const STAR = 42;
const MAX_BULK_BYTES = 512 * 1024 * 1024;

export function isRespError(value: RespValue | undefined): value is RespError {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'error';
}

/** Calls `onReply` with each whole reply, in order. `push` throws on bytes that are no RESP2: nothing after them can be trusted. */
export function createRespParser(onReply: (reply: RespValue) => void): RespParser {
  let chunks: Buffer[] = [];
  let bufferedBytes = 0;
  /** Parsing is tried again only when this much has arrived: a long string is not joined anew at every chunk. */
  let neededBytes = 1;
  let data: Buffer = Buffer.alloc(0);
  let position = 0;
  const openArrays: OpenArray[] = [];

  function push(chunk: Buffer): void {
    chunks.push(chunk);
    bufferedBytes += chunk.length;
    if (bufferedBytes < neededBytes) return;
    data = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    position = 0;
    while (position < data.length && readElement());
    keepRest();
  }

  function keepRest(): void {
    const rest = data.subarray(position);
    chunks = rest.length === 0 ? [] : [rest];
    bufferedBytes = rest.length;
    if (rest.length === 0) neededBytes = 1;
  }

  /** False when the element is not yet whole; then `position` still points at its start. */
  function readElement(): boolean {
    const lineEnd = data.indexOf(CR, position);
    if (lineEnd === -1 || lineEnd + 1 >= data.length) return waitFor(data.length - position + 1);
    const type = data[position];
    const next = lineEnd + 2;
    switch (type) {
      case PLUS:
        return accept({ kind: 'status', text: data.toString('utf8', position + 1, lineEnd) }, next);
      case MINUS:
        return accept({ kind: 'error', message: data.toString('utf8', position + 1, lineEnd) }, next);
      case COLON:
        return accept(readInteger(lineEnd), next);
      case DOLLAR:
        return readBulk(readInteger(lineEnd), next);
      case STAR:
        return openArray(readInteger(lineEnd), next);
      default:
        throw new Error(`Redis sent a reply of unknown type (byte ${type})`);
    }
  }

  function readInteger(lineEnd: number): number {
    const text = data.toString('latin1', position + 1, lineEnd);
    if (!/^-?\d+$/.test(text)) throw new Error(`Redis sent "${text}" where a number belongs`);
    return Number(text);
  }

  function readBulk(length: number, start: number): boolean {
    if (length === -1) return accept(null, start);
    if (length < 0 || length > MAX_BULK_BYTES) throw new Error(`Redis sent a string of ${length} bytes`);
    const end = start + length;
    if (data.length < end + 2) return waitFor(end + 2 - position);
    return accept(data.subarray(start, end), end + 2);
  }

  function openArray(length: number, next: number): boolean {
    if (length === -1) return accept(null, next);
    if (length === 0) return accept([], next);
    openArrays.push({ items: [], length });
    position = next;
    return true;
  }

  /** The value ends here; with it may end the arrays around it. */
  function accept(value: RespValue, next: number): boolean {
    position = next;
    let whole = value;
    for (let around = openArrays.at(-1); around !== undefined; around = openArrays.at(-1)) {
      around.items.push(whole);
      if (around.items.length < around.length) return true;
      openArrays.pop();
      whole = around.items;
    }
    onReply(whole);
    return true;
  }

  function waitFor(bytes: number): false {
    neededBytes = bytes;
    return false;
  }

  return { push };
}
