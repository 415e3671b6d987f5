// PostgreSQL's COPY text format (https://www.postgresql.org/docs/18/sql-copy.html): fields between tabs, \N for null, backslash escapes.
import { Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const PLAIN: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export function parseCopyLine(line: string): (string | null)[] {
  return line.split('\t').map((field) => {
    if (field === '\\N') return null;
    return field.includes('\\') ? field.replaceAll(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter) : field;
  });
}

export function formatCopyLine(values: readonly (string | null)[]): string {
  const fields = values.map((value) =>
    value === null ? '\\N' : value.replaceAll(/[\\\n\r\t]/g, (found) => PLAIN[found] ?? found),
  );
  return `${fields.join('\t')}\n`;
}

/** Gives each line of a COPY to `onLine` and passes on what that answers; empty is nothing. */
export function createLineTransform(onLine: (line: string) => string): Transform {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): string => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    return lines.map((line) => onLine(line)).join('');
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      try {
        done(null, take(decoder.write(chunk)));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}
