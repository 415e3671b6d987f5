import { err, ok, type Result } from '../../rules/result.ts';

const MAX_LENGTH = 2000;
/** Names that lead nowhere public (RFC 6761, RFC 6762, RFC 8375 and ICANN's `internal`). */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|test|invalid|onion)$/;

interface TargetRules {
  /** Only in a local stack: http and addresses of one's own network, too. */
  readonly allowsPrivate: boolean;
  /** The router's own host: events to it would run in a circle. */
  readonly ownHost: string;
}

/**
 * An address that events may be sent to: https, a public name, no address in numbers, no credentials, not the router. Whatever
 * a name resolves to is QStash's network, not ours; redirects are not followed there.
 * @returns the URL as it is written in full, or what is wrong with it
 */
export function checkTargetUrl(text: string, { allowsPrivate, ownHost }: TargetRules): Result<string, string> {
  const url = text.length <= MAX_LENGTH && URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return err('An https address of at most 2,000 characters');
  if (url.username !== '' || url.password !== '') return err('An address without a name and password in it');
  const name = url.hostname.replace(/\.+$/, '');
  if (url.host.replace(url.hostname, name) === ownHost) return err("Another address than the router's own");
  if (allowsPrivate) return ok(url.href);
  if (url.protocol !== 'https:') return err('An address that begins with https://');
  if (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('['))
    return err('A host by its name, not by an address');
  return name.includes('.') && !PRIVATE_NAMES.test(name) ? ok(url.href) : err('A host that is public');
}
