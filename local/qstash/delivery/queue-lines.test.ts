import { describe, expect, it } from 'vitest';
import { createQueueLines } from './queue-lines.ts';

type Entry = { readonly id: string; readonly seq: number };

function createLine(parallelism = 1, paused = false) {
  const lines = createQueueLines<Entry>();
  lines.configure({ name: 'q', parallelism, paused });
  const join = (...ids: string[]) => ids.map((id) => lines.join('q', { id, seq: Number(id.slice(1)) }));
  const ready = (): string[] => lines.takeReady('q').map(({ id }) => id);
  const release = (holderId: string): void => lines.release({ queueName: 'q', holderId });
  return { lines, join, ready, release };
}

describe('a queue', () => {
  it('lets one message go at a time, in the order of acceptance', () => {
    const { join, ready, release } = createLine();
    join('m2', 'm1', 'm3');
    expect(ready()).toEqual(['m1']);
    expect(ready()).toEqual([]);
    release('m1');
    expect(ready()).toEqual(['m2']);
  });

  it('lets as many go as its parallelism', () => {
    const { join, ready, release } = createLine(2);
    join('m1', 'm2', 'm3');
    expect(ready()).toEqual(['m1', 'm2']);
    release('m2');
    expect(ready()).toEqual(['m3']);
  });

  it('keeps the slot until the callbacks are over too', () => {
    const { lines, join, ready, release } = createLine();
    join('m1', 'm2');
    ready();
    lines.hold({ queueName: 'q', holderId: 'm1' });
    release('m1');
    expect(ready()).toEqual([]);
    release('m1');
    expect(ready()).toEqual(['m2']);
  });

  it('gives a message back the slot that its callbacks kept over a restart', () => {
    const { lines, join, ready } = createLine();
    lines.hold({ queueName: 'q', holderId: 'm1' });
    join('m1', 'm2');
    expect(ready()).toEqual(['m1']);
    expect(ready()).toEqual([]);
  });

  it('lets nobody go while paused', () => {
    const { lines, join, ready } = createLine(1, true);
    join('m1');
    expect(ready()).toEqual([]);
    lines.configure({ name: 'q', parallelism: 1, paused: false });
    expect(ready()).toEqual(['m1']);
  });

  it('passes over who has left', () => {
    const { lines, join, ready } = createLine();
    const [first] = join('m1', 'm2');
    if (first !== undefined) lines.leave('q', first);
    expect(ready()).toEqual(['m2']);
  });
});
