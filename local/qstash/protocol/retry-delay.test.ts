import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateRetryDelayMs, parseRetryDelay } from './retry-delay.ts';

function delayMs(source: string, retried: number): number | undefined {
  const parsed = parseRetryDelay(source);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error}`);
  return evaluateRetryDelayMs(parsed.value, retried);
}

describe('the retry-delay expression', () => {
  it.each([
    ['1000', 0, 1_000],
    ['1000 * (1 + retried)', 2, 3_000],
    ['pow(2, retried) * 1000', 3, 8_000],
    ['max(1000, pow(2, retried) * 100)', 1, 1_000],
    ['min(500, retried*200)', 4, 500],
    ['10 - 2 - 3', 0, 5],
    ['100 / 10 / 2', 0, 5],
    ['2 + 3 * 4', 0, 14],
    ['-(-5)', 0, 5],
    ['--5', 0, 5],
    ['sqrt(16)+abs(-3)+floor(1.9)+ceil(1.1)+round(2.5)', 0, 13],
    ['exp(0)', 0, 1],
    ['.5 * 10', 0, 5],
  ])('computes %s with retried=%d as %d', (source, retried, expected) => {
    expect(delayMs(source, retried)).toBe(expected);
  });

  it.each([
    '',
    '   ',
    '1 +',
    '* 2',
    '(1',
    '1)',
    '2 retried',
    'pow(2)',
    'pow(2, 3, 4)',
    'sqrt 4',
    'min()',
    'process',
    'constructor',
    'retried.constructor',
    '1; 2',
    '1e9',
    'retried ** 2',
    'Math.max(1,2)',
    '`1`',
    '1'.repeat(1_001),
    '('.repeat(60) + '1' + ')'.repeat(60),
    '-'.repeat(60) + '1',
  ])('refuses %j', (source) => {
    expect(parseRetryDelay(source).ok).toBe(false);
  });

  it.each(['0 - 5', '1 / 0', 'sqrt(-1)', '0 / 0', 'pow(10, 400)'])('has no answer for %s', (source) => {
    expect(delayMs(source, 0)).toBeUndefined();
  });

  it('never throws and never answers less than zero, whatever it is given', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('1', '+', '-', '*', '/', '(', ')', ',', 'pow', 'retried'))
        .map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(text, fc.nat({ max: 10 }), (source, retried) => {
        const parsed = parseRetryDelay(source);
        const answerMs = parsed.ok ? evaluateRetryDelayMs(parsed.value, retried) : undefined;
        expect(answerMs ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('agrees with JavaScript on fully bracketed arithmetic', () => {
    type Sample = { text: string; value: number };
    const { tree } = fc.letrec<{ tree: Sample }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.nat({ max: 50 }).map((value) => ({ text: String(value), value })),
        fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*'), tie('tree')).map(([left, operator, right]) => ({
          text: `(${left.text} ${operator} ${right.text})`,
          value:
            operator === '+'
              ? left.value + right.value
              : operator === '-'
                ? left.value - right.value
                : left.value * right.value,
        })),
      ),
    }));
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        fc.pre(text.length <= 900);
        expect(delayMs(`abs(${text})`, 0)).toBe(Math.abs(value));
      }),
    );
  });
});
