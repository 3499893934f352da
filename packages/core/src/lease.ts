// Reads that trust a clock instead of asking a majority each time. Thesis 6.4.1.
//
// A voter that heard this leader refuses votes for the minimum election timeout (the leader lease of thesis 4.2.3), so
// nobody else can be elected for that long after a majority was still silent about others. The lease counts from when a
// confirmed heartbeat was *sent*, and is cut by how much clocks may drift apart meanwhile.

/** Rounds whose send time is remembered; a confirmation of an older one is too late to help. */
const MAX_ROUNDS = 64;

/** The lease of one leader in one term. */
export class ReadLease {
  readonly #durationMs: number;
  #sent: { readonly round: number; readonly sentAt: number }[] = [];
  #until = Number.NEGATIVE_INFINITY;
  #isForfeited = false;

  /** `durationMs` is the time for which voters refuse others, less the clock drift that must be reckoned with. */
  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /** True if nobody else can have been elected up to `now`. */
  isValid(now: number): boolean {
    return now < this.#until;
  }

  sent(round: number, sentAt: number): void {
    this.#sent.push({ round, sentAt });
    if (this.#sent.length > MAX_ROUNDS) this.#sent.shift();
  }

  /** A majority has echoed `round` or a later one. */
  confirmed(round: number): void {
    const latest = this.#sent.findLast((sent) => sent.round <= round);
    if (latest === undefined || this.#isForfeited) return;
    this.#until = Math.max(this.#until, latest.sentAt + this.#durationMs);
    this.#sent = this.#sent.filter((sent) => sent.round > round);
  }

  /** The majority that confirmed is not the one that counts from now on. */
  restart(): void {
    this.#sent = [];
    this.#until = Number.NEGATIVE_INFINITY;
  }

  /** For the rest of the term: somebody was told to campaign, whenever that order may arrive. */
  forfeit(): void {
    this.#isForfeited = true;
    this.restart();
  }
}
