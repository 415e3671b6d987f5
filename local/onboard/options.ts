import { parseArgs } from 'node:util';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

export type OnboardOptions = {
  readonly file: string;
  /** Plans and shows, and begins nothing. */
  readonly isDryRun: boolean;
  /** Begins without asking. */
  readonly isConfirmed: boolean;
  readonly onInvalid: 'reject' | 'skip';
  readonly onFailure: 'keep' | 'roll_back';
  readonly mapping: string | null;
  readonly emailRule: string | null;
  /** Of the batch, for people. */
  readonly name: string | null;
};

const USAGE =
  'npm run onboard -- FILE.csv takes: --dry-run, --yes, --on-invalid reject|skip, --on-failure keep|roll-back, --mapping NAME, --email-rule RULE, --name NAME';

/** The command line of `npm run onboard`, or one line that says what is wrong with it. */
export function parseOnboardOptions(args: readonly string[]): Result<OnboardOptions, string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        'on-invalid': { type: 'string', default: 'reject' },
        'on-failure': { type: 'string', default: 'keep' },
        mapping: { type: 'string' },
        'email-rule': { type: 'string' },
        name: { type: 'string' },
      },
    });
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) return err(`Name one file. ${USAGE}.`);
    return ok({
      file,
      isDryRun: values['dry-run'],
      isConfirmed: values.yes,
      onInvalid: readChoice('on-invalid', values['on-invalid'], ['reject', 'skip'] as const),
      onFailure:
        readChoice('on-failure', values['on-failure'], ['keep', 'roll-back'] as const) === 'keep'
          ? 'keep'
          : 'roll_back',
      mapping: values.mapping ?? null,
      emailRule: values['email-rule'] ?? null,
      name: values.name ?? null,
    });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return err(`${error.message.split('. ')[0]}. ${USAGE}.`);
  }
}

function readChoice<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw new RangeError(`--${name} is ${choices.join(' or ')}, not "${text}"`);
  return chosen;
}
