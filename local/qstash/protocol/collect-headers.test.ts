import { describe, expect, it } from 'vitest';
import { collectPublishHeaders } from './collect-headers.ts';

describe('what of a request makes the message', () => {
  it('is its content type and its upstash headers, without the telemetry', () => {
    const collected = collectPublishHeaders({
      headers: [
        ['Content-Type', 'text/plain'],
        ['Authorization', 'Bearer secret'],
        ['Upstash-Retries', '2'],
        ['Upstash-Forward-Authorization', 'Bearer theirs'],
        ['Upstash-Telemetry-Sdk', 'x'],
        ['X-Other', 'dropped'],
      ],
      query: [],
    });
    expect(collected).toEqual({
      'content-type': 'text/plain',
      'upstash-retries': '2',
      'upstash-forward-authorization': 'Bearer theirs',
    });
  });

  it('may come as query parameters, which win', () => {
    const collected = collectPublishHeaders({
      headers: [['upstash-retries', '2']],
      query: [
        ['upstash-retries', '7'],
        ['Upstash-Delay', '5s'],
        ['page', '2'],
      ],
    });
    expect(collected).toEqual({ 'upstash-retries': '7', 'upstash-delay': '5s' });
  });

  it('is every header with Upstash-Header-Forward, except those of the connection and the token', () => {
    const collected = collectPublishHeaders({
      headers: [
        ['host', 'localhost'],
        ['authorization', 'Bearer secret'],
        ['content-length', '3'],
        ['x-one', '1'],
        ['x-two', 'plain'],
        ['upstash-forward-x-two', 'explicit'],
        ['upstash-forward-host', 'evil'],
        ['upstash-header-forward', 'true'],
      ],
      query: [],
    });
    expect(collected).toEqual({
      'upstash-forward-x-one': '1',
      'upstash-forward-x-two': 'explicit',
      'upstash-header-forward': 'true',
    });
  });
});
