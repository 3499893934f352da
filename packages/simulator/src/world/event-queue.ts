// What is going to happen, ordered by time; what falls on one moment happens in the order in which it was planned.

/** Something that is going to happen. */
export type Planned = {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
};

/** A binary heap of planned events. */
export class EventQueue {
  readonly #heap: Planned[] = [];
  #planned = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Plans `run` for a moment. Set `isCancelled` of what is returned to call it off. */
  plan(atMs: number, run: () => void): Planned {
    this.#planned += 1;
    const event = { atMs, order: this.#planned, run, isCancelled: false };
    this.#rise(event);
    return event;
  }

  /** The next event at or before `untilMs`, taken out; undefined if there is none. */
  take(untilMs: number): Planned | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#removeFirst();
      if (!first.isCancelled) return first;
    }
    return undefined;
  }

  #rise(event: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let smallest = heap[left];
      if (smallest === undefined) break;
      let below = left;
      const right = heap[left + 1];
      if (right !== undefined && isBefore(right, smallest)) {
        smallest = right;
        below = left + 1;
      }
      if (isBefore(last, smallest)) break;
      heap[at] = smallest;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
