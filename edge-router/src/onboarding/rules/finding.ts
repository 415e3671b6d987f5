/** One thing that was looked at. */
export interface Finding {
  /** Stable, for machines: `custom-value`, `workflow`… */
  readonly check: string;
  /** Which one, by name; null where there is only one. */
  readonly name: string | null;
  readonly status: 'ok' | 'missing' | 'differs';
  /** For people; no secret, no person's data. */
  readonly detail: string;
}
