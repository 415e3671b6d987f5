import { isTransient, isUnavailable } from '../database.ts';

const MAX_TRIES = 3;
/** A lead's id or key is taken: another call of the same lead, lost or still under way, was faster. */
const UNIQUE_VIOLATION = '23505';

/**
 * Runs a call that assigns, three times in all: again where its transaction lost against another one, or no answer came.
 * `run` hears whether it may have been made before; the leads' own ids make repeating safe. Throws what the last try did.
 */
export async function repeatAssignment<T>(run: (mayBeRepeated: boolean) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(attempt > 1);
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
      const mayTryAgain = isTransient(error) || isUnavailable(error) || isTaken;
      if (!mayTryAgain || attempt === MAX_TRIES) throw error;
    }
  }
}
