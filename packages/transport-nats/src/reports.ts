// Turns what may happen thousands of times a second into few events: the first soon, then at most one per second and
// kind, with the number of times it happened.

const intervalMs = 1000;
/** Strangers choose some of the kinds, so there are not many places; what finds none is counted with nobody. */
const maxKinds = 256;

type Entry = { count: number; readonly tell: (count: number) => void };

/** Counts occurrences by kind and tells them from time to time. */
export class Reports {
  readonly #entries: Map<string, Entry> = new Map();
  #lastMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `tell` of the first occurrence of a kind is called with the count of all since the last time. */
  add(kind: string, tell: (count: number) => void): void {
    const known = this.#entries.get(kind);
    if (known !== undefined) known.count += 1;
    else if (this.#entries.size < maxKinds) this.#entries.set(kind, { count: 1, tell });
    this.#timer ??= setTimeout(() => this.#tellAll(), Math.max(0, this.#lastMs + intervalMs - performance.now()));
  }

  /** Tells nothing more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#entries.clear();
  }

  #tellAll(): void {
    this.#timer = undefined;
    this.#lastMs = performance.now();
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { count, tell } of entries) tell(count);
  }
}
