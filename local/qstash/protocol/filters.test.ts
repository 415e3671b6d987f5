import { describe, expect, it } from 'vitest';
import { CANCEL_FILTERS, DLQ_FILTERS, LOG_FILTERS, parseFilter, type Filterable, type FilterName } from './filters.ts';

const item: Filterable = {
  messageId: 'msg_1',
  url: 'https://api.example.com:8443/leads?a=1,2',
  topicName: 'group',
  queueName: 'queue',
  scheduleId: 'scd_1',
  flowControlKey: 'tenant',
  callerIp: '10.0.0.1',
  labels: ['red', 'blue'],
  timeMs: 1_000,
  state: 'RETRY',
  responseStatus: 503,
};

const every: readonly FilterName[] = [...CANCEL_FILTERS, ...DLQ_FILTERS, ...LOG_FILTERS];

function matches(query: string, allowed = every, candidate = item): boolean {
  const filter = parseFilter(new URLSearchParams(query), allowed);
  if (!filter.ok) throw new Error(filter.error);
  return filter.value(candidate);
}

describe('filters', () => {
  it.each([
    '',
    'messageId=msg_1',
    'messageIds=msg_0&messageIds=msg_1',
    'messageIds=msg_0,msg_1',
    `url=${encodeURIComponent(item.url)}`,
    'host=api.example.com:8443',
    'path=/leads',
    'label=blue',
    'label=green,red',
    'label=blue&queueName=queue',
    'responseStatus=500&responseStatus=503',
    'state=RETRY',
    'state=IN_PROGRESS',
    'fromDate=1000&toDate=1000',
    'callerIp=10.0.0.1',
    'callerIP=10.0.0.1',
    'cursor=5&count=10',
  ])('match %j', (query) => {
    expect(matches(query)).toBe(true);
  });

  it.each([
    'messageId=msg_2',
    'url=https://api.example.com/leads',
    'label=green',
    'label=blue&queueName=other',
    'topicName=',
    'state=DELIVERED',
    'fromDate=1001',
    'toDate=999',
    'responseStatus=undefined',
  ])('do not match %j', (query) => {
    expect(matches(query)).toBe(false);
  });

  it('never match on a field the item does not have', () => {
    expect(matches('queueName=undefined', every, { ...item, queueName: undefined })).toBe(false);
  });

  it.each([
    ['colour=red', CANCEL_FILTERS],
    ['host=example.com', DLQ_FILTERS],
    ['messageId=msg_1', CANCEL_FILTERS],
    ['responseStatus=500', LOG_FILTERS],
    ['fromDate=yesterday', LOG_FILTERS],
  ])('refuse %j where it is not known', (query, allowed) => {
    expect(parseFilter(new URLSearchParams(query), allowed).ok).toBe(false);
  });
});
