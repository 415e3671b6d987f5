import { expect, it } from 'vitest';
import { judgePush } from './snapshot-push.ts';

it.each([
  ['no answer', null, 'unknown'],
  ['an empty answer', { status: null, completed: [], pending: [] }, 'unknown'],
  ['a word that nobody documents', { status: 'processing', completed: null, pending: null }, 'loading'],
  ['a word that means done, without lists', { status: 'completed', completed: null, pending: null }, 'done'],
  [
    'a word that means done, while something is pending',
    { status: 'completed', completed: ['tags'], pending: ['forms'] },
    'loading',
  ],
  ['nothing pending and something there', { status: 'processing', completed: ['tags'], pending: [] }, 'done'],
  ['nothing pending and nothing there', { status: 'processing', completed: [], pending: [] }, 'loading'],
  ['a failure', { status: 'Failed', completed: ['tags'], pending: [] }, 'failed'],
])('%s', (_name, answer, kind) => {
  expect(judgePush(answer).kind).toBe(kind);
});
