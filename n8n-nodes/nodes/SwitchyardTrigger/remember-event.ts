/** Of all subscriptions of this n8n: some megabyte at most. */
const REMEMBERED_EVENTS = 10_000;

/**
 * In this process alone. n8n does not store what a webhook notes in its workflow's static data when it also starts the workflow;
 * and an event noted in the database before its execution is would be lost with a crash in between.
 */
const remembered = new Set<string>();

/** Notes an event of a subscription. False when it was there: the same event came before, since n8n was started. */
export function rememberEvent(subscriptionId: string, eventId: string): boolean {
  const key = `${subscriptionId} ${eventId}`;
  if (remembered.has(key)) return false;
  remembered.add(key);
  const [oldest] = remembered;
  if (remembered.size > REMEMBERED_EVENTS && oldest !== undefined) remembered.delete(oldest);
  return true;
}
