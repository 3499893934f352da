// Things in the order of the log of which most are outdated soon: the oldest one that still counts is found at once, and
// what no longer counts is dropped in passing.

const MIN_ITEMS = 64;

/** A queue in which items lose their meaning without being removed. */
export class LogOrder<Item> {
  readonly #counts: (item: Item) => boolean;
  /** Oldest first, from `#head` on. */
  #items: Item[] = [];
  #head = 0;
  #cleanAt = MIN_ITEMS;

  /** `counts` says whether an item still has a meaning; one that has lost it never gets it back. */
  constructor(counts: (item: Item) => boolean) {
    this.#counts = counts;
  }

  /** Adds the newest item. Costs, on average, a constant. */
  push(item: Item): void {
    this.#items.push(item);
    if (this.#items.length < this.#cleanAt) return;
    this.#items = [...this.all()];
    this.#head = 0;
    this.#cleanAt = Math.max(MIN_ITEMS, 2 * this.#items.length);
  }

  /** The oldest item that counts. */
  oldest(): Item | undefined {
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      if (this.#counts(item)) return item;
      this.#head += 1;
    }
    return undefined;
  }

  /** Everything that counts, oldest first. */
  all(): readonly Item[] {
    return this.#items.slice(this.#head).filter(this.#counts);
  }
}
