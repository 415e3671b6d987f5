// Source of the day's budget: https://marketplace.gohighlevel.com/docs/oauth/Faqs
const COMPANY_CALLS_PER_DAY = 200_000;
const SHARE_OF_DAY = 0.25;
/** Of the company's budget, for one location: a look at its snapshot, and once a day a token. */
const COMPANY_CALLS_PER_CHECK = 2;

/** So many locations are looked at in one night. */
export const NIGHTLY_LOCATIONS = Math.floor((COMPANY_CALLS_PER_DAY * SHARE_OF_DAY) / COMPANY_CALLS_PER_CHECK);
