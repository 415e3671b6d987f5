// The answers that HighLevel's documents show, word for word where they give words.

import type { Answer } from './route.ts';

export function succeed(json: Readonly<Record<string, unknown>>, status: 200 | 201 = 200): Answer {
  return { status, json };
}

/** Also for what does not exist: the documents know no 404. */
export function badRequest(message: string): Answer {
  return { status: 400, json: { statusCode: 400, message } };
}

export function unauthorized(message: string): Answer {
  return { status: 401, json: { statusCode: 401, message, error: 'Unauthorized' } };
}

export const invalidToken = unauthorized('Invalid token: access token is invalid');

/** Also what a misspelled path answers. */
export const unknownRoute = unauthorized(
  'This route is not yet supported by the IAM Service. Please update your IAM config.',
);

export const noAccess: Answer = {
  status: 403,
  json: { statusCode: 403, message: 'The token does not have access to this location.', error: 'Forbidden' },
};

export function unprocessable(messages: readonly string[]): Answer {
  return { status: 422, json: { statusCode: 422, message: messages, error: 'Unprocessable Entity' } };
}

export const tooManyRequests: Answer = { status: 429, json: { statusCode: 429, message: 'Too Many Requests' } };
