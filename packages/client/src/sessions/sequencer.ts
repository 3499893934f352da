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
  /** By sequence number modulo the window: whether that command is under way. */
  readonly #isWaiting: boolean[];
  #oldest = 1;
  #next = 1;

  /** `maxInFlight`: at most that of the servers' limits. */
  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
    this.#isWaiting = Array.from({ length: maxInFlight }, () => false);
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
    this.#isWaiting[sequence % this.#maxInFlight] = true;
    return { sequence, acknowledgedBelow: this.acknowledgedBelow };
  }

  /** The answer has arrived, or nobody waits for it any more: the servers may forget it. Idempotent. */
  settle(sequence: number): void {
    // An older one's place may belong to another command by now.
    if (sequence < this.#oldest) return;
    this.#isWaiting[sequence % this.#maxInFlight] = false;
    while (this.#oldest < this.#next && this.#isWaiting[this.#oldest % this.#maxInFlight] === false) this.#oldest += 1;
  }
}
