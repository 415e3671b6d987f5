/** The names that North American sub-accounts are given in HighLevel's own examples, besides the tz database's. */
const usAliases = 'US/Alaska US/Arizona US/Central US/East-Indiana US/Eastern US/Hawaii US/Mountain US/Pacific'.split(
  ' ',
);

/** The tz database's own names of North American zones that JavaScript lists under an older one. */
const tzNames = ['America/Indiana/Indianapolis', 'America/Kentucky/Louisville', 'America/Atikokan'];

export const timezones: readonly string[] = [
  ...new Set([...Intl.supportedValuesOf('timeZone'), ...usAliases, ...tzNames]),
].sort();

const known = new Set(timezones);

export function isTimezone(name: string): boolean {
  return known.has(name);
}
