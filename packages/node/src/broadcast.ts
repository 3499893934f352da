// Hands values to any number of `for await` loops. Each reader has its own bounded buffer, so a slow one loses its
// oldest values instead of growing without bound, and never slows the node.

/** How many values wait for one reader before the oldest are dropped. */
const MAX_BUFFERED = 10_000;

type Reader<T> = {
  buffer: T[];
  wake: (() => void) | undefined;
};

/** A stream with many readers. */
export class Broadcast<T> {
  readonly #readers = new Set<Reader<T>>();
  readonly #listener: ((value: T) => void) | undefined;
  #isClosed = false;

  /** `listener` hears every value at once, before any reader. */
  constructor(listener?: (value: T) => void) {
    this.#listener = listener;
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0;
  }

  publish(value: T): void {
    this.#listener?.(value);
    for (const reader of this.#readers) {
      if (reader.buffer.length >= MAX_BUFFERED) reader.buffer.shift();
      reader.buffer.push(value);
      reader.wake?.();
    }
  }

  /** Ends all loops after the values that they still have to read. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.wake?.();
  }

  /** Values from now on, after `first` if given. Reading begins at the call, not at the first `next()`. */
  read(first: readonly T[] = []): AsyncIterableIterator<T> {
    const reader: Reader<T> = { buffer: [...first], wake: undefined };
    this.#readers.add(reader);
    return this.#drain(reader);
  }

  async *#drain(reader: Reader<T>): AsyncGenerator<T, undefined> {
    try {
      for (;;) {
        const value = reader.buffer.shift();
        if (value !== undefined) yield value;
        else if (this.#isClosed) return undefined;
        else await new Promise<void>((resolve) => (reader.wake = resolve));
      }
    } finally {
      this.#readers.delete(reader);
    }
  }
}
