// The client's half of a session: numbers the commands and knows which answers are still needed.

/** A number for a command that is about to be sent. */
export type Numbered = {
  readonly sequence: number;
  /** See `SessionCommand`; ask again for a repetition, which may acknowledge more. */
  readonly acknowledgedBelow: number;
};

/** The numbers of one session's commands. */
export class Sequencer {
  readonly #maxInFlight: number;
  readonly #waiting = new Set<number>();
  #oldest = 1;
  #next = 1;

  /** `maxInFlight`: at most that of the servers' limits. */
  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  /** The first number whose answer is still needed. */
  get acknowledgedBelow(): number {
    return this.#oldest;
  }

  /** The next number, or undefined while it would be too far ahead of the oldest command under way. */
  begin(): Numbered | undefined {
    if (this.#next - this.acknowledgedBelow >= this.#maxInFlight) return undefined;
    const sequence = this.#next;
    this.#next += 1;
    this.#waiting.add(sequence);
    return { sequence, acknowledgedBelow: this.acknowledgedBelow };
  }

  /** The answer has arrived, or nobody waits for it any more: the servers may forget it. Idempotent. */
  settle(sequence: number): void {
    this.#waiting.delete(sequence);
    while (this.#oldest < this.#next && !this.#waiting.has(this.#oldest)) this.#oldest += 1;
  }
}
