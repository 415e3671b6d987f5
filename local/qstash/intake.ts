import { err, type Result } from '../../edge-router/src/rules/result.ts';
import { acceptSubmission, type Acceptance, type Problem, type Submission } from './accept-submission.ts';
import type { Clock } from './clock.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { Store } from './store/store.ts';

/** Unfinished messages at once; more are refused until some are delivered. */
const MAX_UNFINISHED_MESSAGES = 1_000_000;

type Parts = { readonly store: Store; readonly clock: Clock; readonly dispatcher: Dispatcher };

export type Intake = ReturnType<typeof createIntake>;

export function createIntake({ store, clock, dispatcher }: Parts) {
  /** Hands stored messages to the dispatcher. */
  function admit(results: readonly Result<Acceptance, Problem>[]): void {
    const acceptances = results.flatMap((result) => (result.ok ? result.value.accepted : []));
    dispatcher.admit(acceptances.flatMap(({ pending }) => pending ?? []));
  }

  /** All of them in one transaction; when the promise resolves they are on disk. A refused one stops no other. */
  async function submit(submissions: readonly Submission[]): Promise<readonly Result<Acceptance, Problem>[]> {
    if (dispatcher.counts().pending + submissions.length > MAX_UNFINISHED_MESSAGES) {
      const error = `quota exceeded: ${MAX_UNFINISHED_MESSAGES} messages are waiting`;
      return submissions.map(() => err({ status: 412, error }));
    }
    const results = await store.write(() =>
      submissions.map((submission) => acceptSubmission(store, clock, submission)),
    );
    admit(results);
    return results;
  }

  return { submit, admit };
}
