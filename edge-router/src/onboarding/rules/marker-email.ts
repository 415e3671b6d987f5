import { parseEmail } from '../../rules/email.ts';

export interface MarkerBase {
  readonly mailbox: string;
  readonly domain: string;
}

/**
 * The e-mail under which a sub-account is created: HighLevel's search knows e-mails and nothing else, so this is what
 * finds a sub-account whose creation was not answered. Never a person's own address: owners of several units share it.
 */
export function toMarkerEmail(
  { mailbox, domain }: MarkerBase,
  { locationId, generation }: { readonly locationId: string; readonly generation: number },
): string {
  // 64 characters are allowed before the @: the dashes of a UUID would cost four of them.
  return `${mailbox}+${locationId.replaceAll('-', '')}.${generation}@${domain}`.toLowerCase();
}

/** Whether markers made of it are e-mail addresses, up to the 9,999th generation. */
export function isMarkerBase(base: MarkerBase): boolean {
  if (base.mailbox.includes('+')) return false;
  const longest = toMarkerEmail(base, { locationId: '0'.repeat(32), generation: 9999 });
  return parseEmail(longest) === longest;
}
