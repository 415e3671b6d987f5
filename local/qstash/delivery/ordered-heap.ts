/** A place in a heap; it stays valid while its value is inside. */
export type HeapNode<T> = { readonly order: number; readonly tie: number; readonly value: T; index: number };

export type OrderedHeap<T> = ReturnType<typeof createOrderedHeap<T>>;

/**
 * A binary heap that gives its values back by `order`, and by `tie` where that is equal. Any value can be taken out
 * through its node in O(log n). Invariant: `nodes[i].index === i`, and no node comes before its parent.
 */
export function createOrderedHeap<T>() {
  const nodes: HeapNode<T>[] = [];

  function add(value: T, { order, tie }: { order: number; tie: number }): HeapNode<T> {
    const node = { order, tie, value, index: nodes.length };
    nodes.push(node);
    siftUp(node);
    return node;
  }

  /** False when it had left already. */
  function remove(node: HeapNode<T>): boolean {
    if (nodes[node.index] !== node) return false;
    const last = nodes.pop();
    if (last !== undefined && last !== node) {
      place(last, node.index);
      siftUp(last);
      siftDown(last);
    }
    node.index = -1;
    return true;
  }

  function takeFirst(): T | undefined {
    const first = nodes[0];
    if (first === undefined) return undefined;
    remove(first);
    return first.value;
  }

  function siftUp(node: HeapNode<T>): void {
    while (node.index > 0) {
      const parent = nodes[(node.index - 1) >> 1];
      if (parent === undefined || !isBefore(node, parent)) return;
      swap(node, parent);
    }
  }

  function siftDown(node: HeapNode<T>): void {
    for (;;) {
      const left = nodes[2 * node.index + 1];
      const right = nodes[2 * node.index + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, node)) return;
      swap(node, child);
    }
  }

  function swap(a: HeapNode<T>, b: HeapNode<T>): void {
    const { index } = a;
    place(a, b.index);
    place(b, index);
  }

  function place(node: HeapNode<T>, index: number): void {
    nodes[index] = node;
    node.index = index;
  }

  return {
    add,
    remove,
    takeFirst,
    first: (): HeapNode<T> | undefined => nodes[0],
    /** Some value that is not meant to be next, when there is more than one. */
    takeLast: (): T | undefined => {
      const last = nodes.at(-1);
      if (last !== undefined) remove(last);
      return last?.value;
    },
    size: (): number => nodes.length,
  };
}

function isBefore(a: HeapNode<unknown>, b: HeapNode<unknown>): boolean {
  return a.order < b.order || (a.order === b.order && a.tie < b.tie);
}
