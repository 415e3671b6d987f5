import { expect, it } from 'vitest';
import { answerBatch } from './answer-batch.ts';
import type { KnownAddress } from './gazetteer.ts';

const place = { state: 'MA', lng: -71, lat: 42, tigerLineId: '1', side: 'L' } as const;
const known: KnownAddress[] = [
  { ...place, street: '1 MAIN ST', city: 'BOSTON', zip: '02108' },
  { ...place, street: '1 MAIN ST', city: 'SALEM', zip: '01970' },
];

it.each([
  ['1,1 Main St,,MA,', 'Tie'],
  ['1,1 Main St,Salem,MA,', 'Match'],
  ['1,1 Main St,Salem,MA,02108', 'Tie'],
  ['1,1 Main St,Lynn,MA,01901', 'No_Match'],
  ['1,1 Main St,,NH,', 'No_Match'],
])('%s is a %s', (line, verdict) => {
  const answered = answerBatch(line, known);
  expect(answered.ok && answered.value.split('","')[2]?.replace('"\n', '')).toBe(verdict);
});
