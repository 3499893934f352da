// Writes acknowledged in each second.

/** How many seconds are remembered. */
const seconds = 60;

/** Counts per second, from a total that only grows. */
export class Pace {
  #perSecond: readonly number[] = [];
  #secondFromMs: number;
  #totalAtSecond: number;

  constructor(nowMs: number, total: number) {
    this.#secondFromMs = nowMs;
    this.#totalAtSecond = total;
  }

  /** Notes the total at a moment. A second without a note has no count of its own: what came in it counts for the next. */
  note(nowMs: number, total: number): void {
    if (nowMs - this.#secondFromMs < 1000) return;
    const missed = Math.floor((nowMs - this.#secondFromMs) / 1000) - 1;
    const passed = [...Array.from({ length: Math.min(missed, seconds) }, () => 0), total - this.#totalAtSecond];
    this.#perSecond = [...this.#perSecond, ...passed].slice(-seconds);
    this.#secondFromMs += (missed + 1) * 1000;
    this.#totalAtSecond = total;
  }

  /** The latest last. */
  get perSecond(): readonly number[] {
    return this.#perSecond;
  }
}
