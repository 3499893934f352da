// How fast three cores agree when disk and network cost nothing: the upper bound that the algorithm itself sets.
import { type Message, Raft } from "@quorate/core";
import type { Benchmark } from "../benchmark.ts";
import { ratePerSecond } from "../rate.ts";

const ids = ["n1", "n2", "n3"] as const;
const configuration = { voters: ids, learners: [] };

export const coreBenchmarks: readonly Benchmark[] = [coreCommit(1), coreCommit(64)];

/** Proposals are handed over `batch` at a time and committed before the next ones. */
function coreCommit(batch: number): Benchmark {
  return {
    name: `core-commit-${batch}`,
    unit: "proposals/s",
    ...(batch === 1 ? {} : { comparedTo: "core-commit-1" }),
    open: () => {
      const cluster = new Cluster();
      const data = new Uint8Array(128);
      const commitBatch = (): void => {
        for (let count = 0; count < batch; count += 1) cluster.leader.propose(data);
        cluster.settle();
      };
      return {
        sample: (sampleMs) => {
          const before = cluster.leader.status().commitIndex;
          const rate = ratePerSecond(commitBatch, sampleMs, batch);
          if (cluster.leader.status().commitIndex === before) throw new Error("nothing was committed");
          return rate;
        },
      };
    },
  };
}

/** Three cores whose writes are durable at once and whose messages arrive at once. */
class Cluster {
  readonly #cores: ReadonlyMap<string, Raft>;
  readonly leader: Raft;

  constructor() {
    this.#cores = new Map(
      ids.map((id, order) => [id, new Raft({ id, configuration, random: () => order / ids.length })]),
    );
    this.leader = this.#core("n1");
    for (const core of this.#cores.values()) core.tick(0);
    this.leader.campaign();
    this.settle();
    if (this.leader.status().role !== "leader") throw new Error(`no leader: ${this.leader.explain()}`);
  }

  /** Does everything that the cores ask for until none of them asks for more. */
  settle(): void {
    let waiting = [...this.#cores.values()].flatMap((core) => work(core));
    while (waiting.length > 0) {
      for (const message of waiting) this.#core(message.to).step(message, 0);
      waiting = [...this.#cores.values()].flatMap((core) => work(core));
    }
  }

  #core(id: string): Raft {
    const core = this.#cores.get(id);
    if (core === undefined) throw new Error(`no core ${id}`);
    return core;
  }
}

/** Carries out one core's outputs, and returns the messages that come of it. */
function work(core: Raft): readonly Message[] {
  const messages: Message[] = [];
  for (let isBusy = true; isBusy; ) {
    const ready = core.ready();
    messages.push(...ready.messages);
    if (ready.write !== undefined) core.persisted(ready.write.sequence);
    const last = ready.committed.at(-1);
    if (last !== undefined) core.applied(last.index);
    isBusy = ready.write !== undefined || last !== undefined;
  }
  return messages;
}
