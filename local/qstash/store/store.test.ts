import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../protocol/message.ts';
import { parsePublishHeaders } from '../protocol/publish-headers.ts';
import { openStore, type Store } from './store.ts';

let store: Store;

beforeEach(() => {
  store = openStore(':memory:');
});
afterEach(() => store.close());

function createMessage(id: string): Message {
  const spec = parsePublishHeaders({});
  if (!spec.ok) throw new Error(spec.error);
  return {
    id,
    url: 'https://example.com',
    publishHeaders: {},
    spec: spec.value,
    body: Buffer.from('x'),
    callerIp: '127.0.0.1',
    topicName: undefined,
    endpointName: undefined,
    scheduleId: undefined,
    queueName: undefined,
    heldSlot: undefined,
    createdAtMs: 0,
    notBeforeMs: 0,
    retried: 0,
  };
}

const response = { status: 500, headers: {}, body: Buffer.alloc(0), error: undefined };

describe('writes', () => {
  it('answer what they made, in the order they were asked for', async () => {
    const order = await Promise.all(
      ['m1', 'm2', 'm3'].map((id) => store.write(() => store.messages.insert(createMessage(id)).seq)),
    );
    expect(order).toEqual([1, 2, 3]);
  });

  it('that throw are undone and do not take their neighbours with them', async () => {
    const results = await Promise.allSettled([
      store.write(() => store.messages.insert(createMessage('m1'))),
      store.write(() => {
        store.messages.insert(createMessage('half'));
        throw new Error('broken');
      }),
      store.write(() => store.messages.insert(createMessage('m2'))),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.messages.listPending().map(({ id }) => id)).toEqual(['m1', 'm2']);
  });

  it('that wait when the file is closed are made, later ones refused', async () => {
    const other = openStore(':memory:');
    const waiting = other.write(() => other.messages.insert(createMessage('m1')));
    other.close();
    await expect(waiting).resolves.toMatchObject({ id: 'm1' });
    await expect(other.write(() => 1)).rejects.toThrow(/closed/);
  });
});

describe('a message', () => {
  it('is finished once', async () => {
    const finished = await store.write(() => {
      store.messages.insert(createMessage('m1'));
      return [store.messages.finish('m1', 'DELIVERED', 1), store.messages.finish('m1', 'FAILED', 2)];
    });
    expect(finished).toEqual([true, false]);
    expect(store.messages.readFinalState('m1')).toBe('DELIVERED');
    expect(store.messages.findUnfinished('m1')).toBeUndefined();
  });
});

describe('what is trimmed', () => {
  it('is the oldest finished messages, never one under way or one whose dead letter is kept', async () => {
    await store.write(() => {
      for (const id of ['open', 'dead', 'old', 'new']) store.messages.insert(createMessage(id));
      store.messages.finish('dead', 'FAILED', 1);
      store.deadLetters.insert('dead', response, 1);
      store.messages.finish('old', 'DELIVERED', 2);
      store.messages.finish('new', 'DELIVERED', 3);
      store.messages.trim(1);
    });
    const kept = ['open', 'dead', 'old', 'new'].filter((id) => store.messages.find(id) !== undefined);
    expect(kept).toEqual(['open', 'dead', 'new']);
  });

  it('is the oldest of the log, and dead letters that are too old or too many', async () => {
    await store.write(() => {
      for (let n = 1; n <= 5; n++) {
        store.events.insert(`m${n}`, 'CREATED', n);
        store.deadLetters.insert(`m${n}`, response, n);
      }
      store.events.trim(2);
      store.deadLetters.trim({ olderThanMs: 2, kept: 3 });
    });
    const before = Number.MAX_SAFE_INTEGER;
    expect([...store.events.scan(before)].map(({ messageId }) => messageId)).toEqual(['m5', 'm4']);
    expect([...store.deadLetters.scan(before)].map(({ messageId }) => messageId)).toEqual(['m5', 'm4', 'm3']);
  });

  it('is a deduplication whose window is over', async () => {
    await store.write(() => store.deduplications.put({ key: 'k', messageId: 'm1', expiresAtMs: 100 }));
    expect(store.deduplications.find('k', 99)).toBe('m1');
    expect(store.deduplications.find('k', 100)).toBeUndefined();
  });
});

describe('signing keys', () => {
  it('that were rotated are used again, until another pair is configured', async () => {
    const configured = { current: 'a', next: 'b' };
    const rotated = await store.write(() => store.signingKeys.rotate(store.signingKeys.adopt(configured)));
    expect(store.signingKeys.adopt(configured)).toEqual(rotated);
    expect(store.signingKeys.adopt({ current: 'c', next: 'd' })).toEqual({ current: 'c', next: 'd' });
  });
});
