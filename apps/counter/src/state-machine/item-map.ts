// A map that can be looked at as of a moment while it is changed: the items lie in pages, a view takes hold of the pages, and
// a page that a view may be reading is copied before it is written. Taking a view costs one reference a page.
//
// Items are in the order in which their keys came in, like in a Map, so the order depends on the commands alone.

const PAGE_ITEMS = 512;

type Page<Item> = { readonly items: (Item | undefined)[]; readonly generation: number };

/** Items of one moment. */
export type ItemView<Item> = Iterable<Item> & { readonly size: number };

/** Items by key. An item that was put in is not changed afterwards, only replaced. */
export class ItemMap<Item> {
  readonly #keyOf: (item: Item) => string;
  #slots = new Map<string, number>();
  #pages: Page<Item>[] = [];
  /** Slots in use and slots of deleted items. */
  #length = 0;
  /** Counts the views: pages of an earlier generation belong to one. */
  #generation = 0;

  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Pages in memory, without those that only views hold. */
  get pages(): number {
    return this.#pages.length;
  }

  get(key: string): Item | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#pages[Math.floor(slot / PAGE_ITEMS)]?.items[slot % PAGE_ITEMS];
  }

  /** Adds an item, or replaces the one with its key. */
  set(item: Item): void {
    const key = this.#keyOf(item);
    const known = this.#slots.get(key);
    if (known !== undefined) return this.#write(known, item);
    this.#slots.set(key, this.#length);
    this.#write(this.#length, item);
    this.#length += 1;
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#write(slot, undefined);
    if (this.#length > 2 * this.#slots.size + PAGE_ITEMS) this.#closeGaps();
  }

  /** The items of this moment; stays as it is while the map goes on. */
  view(): ItemView<Item> {
    this.#generation += 1;
    const pages = [...this.#pages];
    return { size: this.size, [Symbol.iterator]: () => itemsOf(pages) };
  }

  #write(slot: number, item: Item | undefined): void {
    const at = Math.floor(slot / PAGE_ITEMS);
    let page = this.#pages[at];
    if (page?.generation !== this.#generation) {
      page = { items: page?.items.slice() ?? [], generation: this.#generation };
      this.#pages[at] = page;
    }
    page.items[slot % PAGE_ITEMS] = item;
  }

  /** Costs as much as the deletions since the last time. */
  #closeGaps(): void {
    const items = [...itemsOf(this.#pages)];
    this.#slots = new Map();
    this.#pages = [];
    this.#length = 0;
    for (const item of items) this.set(item);
  }
}

function* itemsOf<Item>(pages: readonly Page<Item>[]): Generator<Item> {
  for (const { items } of pages) {
    for (const item of items) if (item !== undefined) yield item;
  }
}
