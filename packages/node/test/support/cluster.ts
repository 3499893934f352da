// A few nodes in one process, in virtual time, that replicate a list of words.

import type { CommittedCommand, LogStorage, StateMachine } from "@quorate/contracts";
import { type MemoryDisk, memoryDisk, memoryLogStorage, memoryNetwork } from "@quorate/memory";
import { RaftNode, type RaftNodeOptions } from "../../src/index.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Remembers all words; answers a command with its place in the list. */
export class WordList implements StateMachine<"all", readonly string[], number> {
  readonly words: string[] = [];

  apply(batch: readonly CommittedCommand[]): readonly number[] {
    return batch.map(({ data }) => this.words.push(new TextDecoder().decode(data)));
  }

  query(): readonly string[] {
    return [...this.words];
  }

  snapshot(): Uint8Array {
    return word(this.words.join("\n"));
  }

  restore(snapshot: Uint8Array): void {
    this.words.splice(0, this.words.length, ...new TextDecoder().decode(snapshot).split("\n"));
  }
}

export type TestNode = RaftNode<"all", readonly string[], number>;

export type TestOptions = Partial<RaftNodeOptions<"all", readonly string[], number>>;

/** Encodes a command. */
export function word(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Nodes n1, n2, … with disks that outlive them. */
export class TestCluster {
  readonly clock = new VirtualClock();
  readonly network = memoryNetwork();
  readonly ids: readonly string[];
  readonly nodes = new Map<string, TestNode>();
  readonly disks = new Map<string, MemoryDisk>();
  #seed = 0;

  constructor(size: number) {
    this.ids = Array.from({ length: size }, (_, position) => `n${position + 1}`);
    for (const id of this.ids) this.disks.set(id, memoryDisk());
  }

  static async started(size: number): Promise<TestCluster> {
    const cluster = new TestCluster(size);
    for (const id of cluster.ids) await cluster.start(id);
    return cluster;
  }

  async start(id: string, options: TestOptions = {}): Promise<TestNode> {
    const node = await RaftNode.start({
      clusterId: "words",
      nodeId: id,
      configuration: { voters: this.ids, learners: [] },
      storage: this.storage(id),
      transport: this.network.transport(id),
      stateMachine: new WordList(),
      clock: this.clock,
      random: () => this.#random(),
      ...options,
    });
    this.nodes.set(id, node);
    return node;
  }

  storage(id: string): LogStorage {
    return memoryLogStorage(this.disks.get(id));
  }

  node(id: string): TestNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  /** Runs until exactly one running node leads and has committed; returns its id. */
  async elect(): Promise<string> {
    for (let ms = 0; ms < 5_000; ms += 5) {
      const leaders = this.ids.filter((id) => {
        const status = this.nodes.get(id)?.currentStatus();
        return status?.role === "leader" && status.state === "running" && status.commitIndex === status.lastIndex;
      });
      const [leader] = leaders;
      if (leaders.length === 1 && leader !== undefined) return leader;
      await this.clock.run(5);
    }
    throw new Error("no leader within 5 s");
  }

  isolate(id: string): void {
    for (const other of this.ids) {
      this.network.cut({ from: id, to: other });
      this.network.cut({ from: other, to: id });
    }
  }

  async close(): Promise<void> {
    for (const node of this.nodes.values()) await node.close();
  }

  /** A different, repeatable election timeout for each draw. */
  #random(): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return this.#seed / 2 ** 31;
  }
}

/** The error that a promise ends with. Attached at once, so that an early rejection is not called unhandled. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error("resolved, but a rejection was expected")),
    (error: unknown) => error,
  );
}
