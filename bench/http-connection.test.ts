import { describe, expect, it } from 'vitest';
import { readStatusOfWhole } from './http-connection.ts';

describe('an answer', () => {
  it.each([
    ['HTTP/1.1 201 Created\r\nContent-Le', null],
    ['HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nabcd', null],
    ['HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nabcde', 201],
    ['HTTP/1.1 503 Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n', null],
    ['HTTP/1.1 503 Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n', 503],
  ])('%j has the status %s', (received, status) => {
    expect(readStatusOfWhole(received)).toBe(status);
  });
});
