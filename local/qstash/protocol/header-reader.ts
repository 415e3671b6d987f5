import type { Result } from '../../../edge-router/src/rules/result.ts';
import { canonicalHeaderName } from './header-names.ts';

type Headers = Readonly<Record<string, string>>;

/** Reads `upstash-*` headers one by one and remembers the first that made no sense. */
export function createHeaderReader(headers: Headers) {
  let problem: string | undefined;

  function textOf(option: string): string | undefined {
    const text = headers[`upstash-${option}`]?.trim();
    return text === '' ? undefined : text;
  }

  /** `parse` answers undefined for what it refuses. */
  function read<T>(option: string, parse: (text: string) => T | undefined): T | undefined {
    const text = textOf(option);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) problem ??= `invalid ${canonicalHeaderName(`upstash-${option}`)} header: ${text}`;
    return value;
  }

  /** `parse` says itself what is wrong. */
  function readResult<T>(option: string, parse: (text: string) => Result<T, string>): T | undefined {
    const text = textOf(option);
    if (text === undefined) return undefined;
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    problem ??= parsed.error;
    return undefined;
  }

  return { read, readResult, problem: () => problem };
}
