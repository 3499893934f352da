// A node for checkers: a log, a disk and a status that a test writes itself.
import type { LogWrite } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
import type { ObservedNode } from "../../src/checkers/checker.ts";
import { LogImage } from "../../src/ports/log-image.ts";

export class FakeNode implements ObservedNode {
  readonly id: string;
  readonly boots = 1;
  readonly log: LogImage = new LogImage();
  readonly durable: LogImage = new LogImage();
  status: NodeStatus | undefined;

  constructor(id: string) {
    this.id = id;
  }

  /** Writes and flushes. */
  store(write: LogWrite): void {
    this.log.take({ kind: "write", write });
    this.durable.take({ kind: "write", write });
  }
}

type Told = {
  readonly role?: NodeStatus["role"];
  readonly term?: number;
  readonly commitIndex?: number;
  readonly leaderId?: string;
  readonly matches?: Readonly<Record<string, number>>;
};

/** A status in which only what matters to a story is set. */
export function statusOf(id: string, { matches = {}, ...told }: Told): NodeStatus {
  const peers = Object.entries(matches).map(([peer, matchIndex]) => ({ id: peer, matchIndex }));
  const status = { id, role: "follower", term: 0, commitIndex: 0, lastApplied: 0, durableIndex: 0, state: "running" };
  // Checkers read no other fields.
  return { ...status, ...told, peers } as unknown as NodeStatus;
}
