/** After a call that Postgres did not answer, whoever can do without it does not wait for it again for so long. */
const OPEN_MS = 3000;

export interface PostgresCircuit {
  readonly isOpen: () => boolean;
  readonly noticeFailure: () => void;
}

/** One per isolate. */
export function createPostgresCircuit(nowMs: () => number): PostgresCircuit {
  let openUntilMs = 0;
  return {
    isOpen: () => nowMs() < openUntilMs,
    noticeFailure: () => {
      openUntilMs = nowMs() + OPEN_MS;
    },
  };
}
