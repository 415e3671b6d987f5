import { randomBytes } from 'node:crypto';

/** Queues, schedules and URL groups are named with these. */
const NAME_PATTERN = /^[A-Za-z0-9._-]{1,256}$/;

type Prefix = 'msg_' | 'scd_' | 'jwt_' | 'sig_';

export function createId(prefix: Prefix): string {
  return prefix + randomBytes(18).toString('base64url');
}

export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
