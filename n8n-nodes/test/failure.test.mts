import { expect, it } from 'vitest';
import { describeAnswer, describeSilence } from '../nodes/shared/failure';

const BASE_URL = 'https://router.example';

it('says in the message which cells are bad, and all of them in the description', () => {
  const errors = Array.from({ length: 5 }, (_, n) => ({
    row: n + 2,
    column: 'Zip Code',
    message: 'No such postal code',
  }));
  const body = {
    code: 'invalid_input',
    title: 'Some of the input is not valid',
    status: 422,
    detail: '5 errors',
    errors,
  };
  const failure = describeAnswer({ status: 422, headers: {}, body }, BASE_URL);
  expect(failure.message).toContain('row 2, Zip Code: No such postal code');
  expect(failure.description).toContain('row 6, Zip Code');
  expect(failure).toMatchObject({ code: 'invalid_input', retryable: false, more: { errors } });
});

it('never lets the name of an errno into a message, for which n8n would put other words', () => {
  const body = {
    code: 'step_failed',
    title: 'The step failed',
    detail: 'Workflow approvePermissions is not published',
  };
  const failure = describeAnswer({ status: 409, headers: {}, body }, BASE_URL);
  expect(failure.message).toBe('The step failed');
  expect(failure.description).toContain('approvePermissions');
});

it('names the base URL when what answers is not Switchyard', () => {
  const failure = describeAnswer({ status: 200, headers: {}, body: '<html>' }, BASE_URL);
  expect(failure).toMatchObject({ code: 'not_switchyard', isForAll: true });
  expect(failure.description).toContain(BASE_URL);
});

it.each([
  [
    Object.assign(new Error('timeout of 30000ms exceeded'), { code: 'ECONNABORTED' }),
    'no_answer_in_time',
    '30 seconds',
  ],
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'unreachable', 'cannot be reached'],
])('tells a slow router from one that is not there: %s', (error, code, words) => {
  const failure = describeSilence(error, { baseUrl: BASE_URL, timeoutMs: 30_000 });
  expect(failure).toMatchObject({ code, retryable: true, httpStatus: null });
  expect(failure.message).toContain(words);
});
