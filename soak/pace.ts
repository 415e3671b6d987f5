/** A second here is so many of QStash's, of HighLevel's, of the Cron's, and of what waits in Postgres. */
export const TIME_SCALE = 30;

/**
 * Leases run down more slowly: at full speed they would end while the Worker that has one still waits for an answer, which a lease of
 * a minute never does.
 */
export const LEASE_TIME_SCALE = 6;
