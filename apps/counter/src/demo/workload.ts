// The load: workers that add to shared counters and set registers of their own, each write with a key of its own, and each
// repeated with that key until the cluster has settled it.

import { type Client, createClient } from "@quorate/client";
import { QuorateError } from "@quorate/contracts";
import type { Ledger, OpenWrite } from "./ledger.ts";
import { delay } from "./wait.ts";

/** Size and pace of the load. */
export type WorkloadOptions = {
  readonly endpoints: readonly string[];
  readonly ledger: Ledger;
  readonly workers: number;
  /** Writes per second of all workers together, at most. */
  readonly writesPerSecond: number;
};

const counterCount = 3;
/** Every so many writes of a worker, one sets a register; the others add to a counter. */
const setEvery = 8;

/** A load that runs until it is stopped. */
export class Workload {
  readonly #options: WorkloadOptions;
  readonly #client: Client;
  readonly #giveUp = new AbortController();
  readonly #workers: readonly Promise<void>[];
  #stopping = false;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#client = createClient({
      endpoints: options.endpoints,
      // Short pauses: the demo measures how long the cluster needs for a new leader, not how patient its clients are.
      retry: { budgetMs: 30_000, attemptTimeoutMs: 1000, firstPauseMs: 10, maxPauseMs: 100 },
    });
    this.#workers = Array.from({ length: options.workers }, (_, each) => this.#work(each));
  }

  /** Starts no more writes and resolves when all that were sent are settled, or after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    const timer = setTimeout(() => this.#giveUp.abort(), withinMs);
    await Promise.all(this.#workers);
    clearTimeout(timer);
    await this.#client.close();
  }

  /** Ends everything at once; what is under way stays open. */
  async abandon(): Promise<void> {
    this.#giveUp.abort();
    await this.stop(0);
  }

  async #work(worker: number): Promise<void> {
    const intervalMs = (1000 * this.#options.workers) / this.#options.writesPerSecond;
    let nextMs = performance.now() + Math.random() * intervalMs;
    for (let sequence = 1; !this.#stopping; sequence += 1) {
      const aheadMs = nextMs - performance.now();
      if (aheadMs > 0) await delay(aheadMs);
      // A worker that was held up does not try to catch up.
      nextMs = Math.max(nextMs, performance.now()) + intervalMs;
      if (sequence % setEvery === 0) await this.#set(worker, sequence);
      else await this.#add(`demo-${(worker + sequence) % counterCount}`);
    }
  }

  async #add(counter: string): Promise<void> {
    const { ledger } = this.#options;
    const write: OpenWrite = { kind: "addition", counter };
    await this.#settle(write, async (idempotencyKey, signal) => {
      ledger.added(write, await this.#client.counter(counter).add(1, { idempotencyKey, signal }));
    });
  }

  async #set(worker: number, sequence: number): Promise<void> {
    const { ledger } = this.#options;
    const key = `demo/worker-${worker}/${sequence}`;
    const value = { worker, sequence, nonce: crypto.randomUUID() };
    const write: OpenWrite = { kind: "set", key };
    await this.#settle(write, async (idempotencyKey, signal) => {
      ledger.wasSet(write, await this.#client.register(key).set(value, { idempotencyKey, signal }), value);
    });
  }

  /** Sends a write, with the same key as often as it takes, until its outcome is known. */
  async #settle(write: OpenWrite, send: (idempotencyKey: string, signal: AbortSignal) => Promise<void>): Promise<void> {
    const { ledger } = this.#options;
    const { signal } = this.#giveUp;
    const idempotencyKey = crypto.randomUUID();
    ledger.sent(write);
    while (!signal.aborted) {
      try {
        await send(idempotencyKey, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof QuorateError)) throw error;
        if (!error.retryable && error.outcome === "none") {
          ledger.refused(write, `${error.code}: ${error.message}`);
          return;
        }
      }
    }
  }
}
