const MAX_EMAIL_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;
/** No dot at the ends of the local part, none doubled; a domain with a dot, labels that do not begin or end with a dash. */
const EMAIL_PATTERN =
  /^[^\s@<>()[\],;:\\".]+(?:\.[^\s@<>()[\],;:\\".]+)*@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}(?:[\p{L}\p{N}-]*[\p{L}\p{N}])$/u;

/** The address in lower case, out of ' Ann@Example.com ', 'mailto:…' or 'Ann <…>'; null where mail could not arrive. */
export function parseEmail(raw: string): string | null {
  if (raw.length > 4 * MAX_EMAIL_LENGTH) return null;
  const text = raw.trim();
  const inBrackets = /^[^<>]*<([^<>]+)>$/.exec(text)?.[1];
  const email = (inBrackets ?? text)
    .trim()
    .replace(/^mailto:/i, '')
    .toLowerCase();
  if (email.length > MAX_EMAIL_LENGTH || email.indexOf('@') > MAX_LOCAL_LENGTH) return null;
  return EMAIL_PATTERN.test(email) ? email : null;
}
