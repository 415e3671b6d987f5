import { describe, expect, it } from 'vitest';
import { classifyRefusal } from './failure.ts';

function classify(status: number, body: unknown, isRead = false) {
  return classifyRefusal({ endpoint: 'getContact', status, body, isRead, retryAfterMs: 10_000 });
}

describe('a refusal', () => {
  it.each([
    [400, { statusCode: 400, message: 'Location not found' }, 'not_found'],
    [400, { statusCode: 400, message: 'name is too long' }, 'invalid'],
    [
      401,
      { statusCode: 401, message: 'Invalid token: access token is invalid', error: 'Unauthorized' },
      'unauthorized',
    ],
    [401, { message: 'The token is not authorized for this scope.' }, 'wrong_token'],
    [401, { message: 'This authClass type is not allowed to access this scope.' }, 'wrong_token'],
    [401, { message: 'This route is not yet supported by the IAM Service. Please update your IAM config.' }, 'invalid'],
    [403, { message: 'The token does not have access to this location.' }, 'wrong_token'],
    [404, '<html>', 'not_found'],
    [422, { message: ['property zip should not exist'], error: 'Unprocessable Entity' }, 'invalid'],
    [429, {}, 'rate_limited'],
    [500, null, 'unknown_outcome'],
    [408, null, 'unknown_outcome'],
    [301, null, 'unknown_outcome'],
  ])('with %i and %j is %s', (status, body, kind) => {
    expect(classify(status, body).kind).toBe(kind);
  });

  it.each([
    [{ error: 'invalid_client', error_description: 'It failed' }, ['invalid_client', 'It failed']],
    [{ error: 'invalid_grant' }, ['invalid_grant']],
    [{ message: 'It failed', error: 'Bad Request' }, ['It failed']],
    [{ error: 'Bad Request' }, ['Bad Request']],
    ['<html>', []],
  ])('in the body %j says %j', (body, messages) => {
    expect(classify(400, body)).toMatchObject({ messages });
  });

  it('of a read leaves nothing unknown', () => {
    expect(classify(502, null, true)).toEqual({
      kind: 'unavailable',
      endpoint: 'getContact',
      status: 502,
      traceId: null,
    });
  });

  it('keeps HighLevel’s words and its id of the answer, up to a bound', () => {
    const message = Array.from({ length: 50 }, () => 'x'.repeat(2000));
    const refused = classify(422, { message, traceId: 't-1' });
    expect(refused).toMatchObject({ kind: 'invalid', traceId: 't-1' });
    expect(JSON.stringify(refused).length).toBeLessThan(15_000);
  });
});
