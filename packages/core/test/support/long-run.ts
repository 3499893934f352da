// Five cores in memory that do nothing but commit, in batches, with snapshots now and then. Their disks forget at once what
// they were given, so that whatever stays in memory is what the cores hold on to.

import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Entry, type LimitOptions, type Message, Raft } from "../../src/index.ts";
import { electByHand } from "./lone-server.ts";

/** As many as one turn of a busy server takes. */
const BATCH = 500;
/** A snapshot now and then lets the log forget all but so many entries. */
const KEPT_LOG = 2_000;

/** One entry of so many is watched. */
const WATCHED = 100;

const ids = ["n1", "n2", "n3", "n4", "n5"];

/** Makes garbage go at once, so that what is left is held by somebody. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("this Node has no gc to call");
  return () => void collect();
}

/** The five of them; n1 leads. */
export class LongRun {
  readonly #rafts: ReadonlyMap<string, Raft>;
  readonly #collect = collector();
  /** Every hundredth entry, as long as somebody keeps it. The cores share entries, so each is watched once. */
  readonly #entries = new Set<WeakRef<Entry>>();
  #proposed = 0;

  constructor(limits: Partial<LimitOptions>) {
    const configuration = { voters: ids, learners: [] };
    const make = (id: string) => new Raft({ id, configuration, random: () => 0.5, limits });
    this.#rafts = new Map(ids.map((id) => [id, make(id)]));
    const leader = this.#raft("n1");
    for (const raft of this.#rafts.values()) raft.tick(0);
    electByHand(leader, 300);
    this.#beat();
  }

  propose(count: number): void {
    for (let done = 0; done < count; done += BATCH) {
      for (let each = 0; each < BATCH; each++) {
        this.#proposed += 1;
        const data = new Uint8Array(new BigUint64Array([BigInt(this.#proposed)]).buffer);
        if (!this.#raft("n1").propose(data).accepted) throw new Error(`proposal ${this.#proposed} was refused`);
      }
      this.#settle();
    }
  }

  /** How far each core has committed. */
  committed(): readonly number[] {
    this.#beat();
    return [...this.#rafts.values()].map((raft) => raft.status().commitIndex);
  }

  /** What is left when all garbage is gone: bytes of heap, and about how many entries somebody still holds. */
  async memory(): Promise<{ readonly heapBytes: number; readonly entries: number }> {
    // Whatever was looked at through a weak reference stays until the turn ends.
    await setImmediate();
    this.#collect();
    const { heapUsed: heapBytes } = process.memoryUsage();
    for (const entry of this.#entries) if (entry.deref() === undefined) this.#entries.delete(entry);
    return { heapBytes, entries: this.#entries.size * WATCHED };
  }

  /** Delivers until nobody says anything any more. */
  #settle(): void {
    for (let messages = this.#turn(); messages.length > 0; messages = this.#turn()) {
      for (const message of messages) this.#raft(message.to).step(message, 300);
    }
  }

  #turn(): readonly Message[] {
    return [...this.#rafts.values()].flatMap((raft) => this.#perform(raft));
  }

  #perform(raft: Raft): readonly Message[] {
    const messages: Message[] = [];
    for (let isBusy = true; isBusy; ) {
      const ready = raft.ready();
      messages.push(...ready.messages);
      if (raft.isLeader) this.#watch(ready.write?.entries ?? []);
      if (ready.write !== undefined) raft.persisted(ready.write.sequence);
      const last = ready.committed.at(-1);
      if (last !== undefined) raft.applied(last.index);
      if (last !== undefined && last.index > raft.status().firstIndex + 2 * KEPT_LOG)
        raft.compact(last.index - KEPT_LOG);
      isBusy = ready.write !== undefined || last !== undefined;
    }
    return messages;
  }

  #watch(entries: readonly Entry[]): void {
    for (const entry of entries) if (entry.index % WATCHED === 0) this.#entries.add(new WeakRef(entry));
  }

  /** A round of heartbeats, which tells the followers what is committed. */
  #beat(): void {
    const leader = this.#raft("n1");
    leader.tick(leader.nextDeadline());
    this.#settle();
  }

  #raft(id: string): Raft {
    const raft = this.#rafts.get(id);
    if (raft === undefined) throw new Error(`no core ${id}`);
    return raft;
  }
}
