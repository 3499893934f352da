// Which node to ask: the remembered leader first, then the configured nodes, those that failed last.

/** The configured endpoints and the leader among (or beyond) them. */
export class Endpoints {
  #order: readonly string[];
  #leader: string | undefined;

  constructor(configured: readonly string[]) {
    this.#order = configured;
  }

  get count(): number {
    return this.#order.length;
  }

  /** The leader if one is remembered, else the configured node that comes first. */
  first(): string | undefined {
    return this.#leader ?? this.#order[0];
  }

  /** The first configured node that is not in `tried`. Undefined when all were tried. */
  next(tried: ReadonlySet<string>): string | undefined {
    return this.#order.find((endpoint) => !tried.has(endpoint));
  }

  remember(leader: string): void {
    this.#leader = leader;
  }

  /** Forgets the leader if it is this one; another call may have found a newer one meanwhile. */
  forget(endpoint: string): void {
    if (this.#leader === endpoint) this.#leader = undefined;
  }

  /** Puts a configured endpoint behind all others: it has failed, or it is another one's turn. */
  putLast(endpoint: string): void {
    if (!this.#order.includes(endpoint)) return;
    this.#order = [...this.#order.filter((other) => other !== endpoint), endpoint];
  }
}
