// A node for checkers: a log, a disk and a status that a test writes itself.
import type { Configuration, LogWrite } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
import type { ObservedNode } from "../../src/checkers/checker.ts";
import { LogImage } from "../../src/ports/log-image.ts";

/** Who forms the cluster of fake nodes. */
export const founders: Configuration = { voters: ["n1", "n2", "n3"], learners: [] };

export class FakeNode implements ObservedNode {
  readonly id: string;
  readonly boots = 1;
  readonly incarnation = "first";
  readonly log: LogImage = new LogImage();
  readonly durable: LogImage = new LogImage();
  status: NodeStatus | undefined;

  get configuration(): Configuration {
    return this.log.configuration?.configuration ?? founders;
  }

  get stores(): readonly LogImage[] {
    return [this.durable];
  }

  get configurationBefore(): Configuration {
    return this.configuration;
  }

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
  readonly configuration?: Configuration;
  readonly lastIndex?: number;
  readonly lastTerm?: number;
  readonly matches?: Readonly<Record<string, number>>;
};

/** A status in which only what matters to a story is set; the rest is as the node's log has it. */
export function statusOf({ id, log, configuration }: FakeNode, { matches = {}, ...told }: Told): NodeStatus {
  const peers = Object.entries(matches).map(([peer, matchIndex]) => ({ id: peer, matchIndex }));
  const { lastIndex, lastTerm, base } = log;
  const status = {
    id,
    role: "follower",
    term: 0,
    commitIndex: 0,
    lastApplied: 0,
    durableIndex: 0,
    state: "running",
    lastIndex,
    lastTerm,
    firstIndex: base.index + 1,
    configuration,
  };
  // Checkers read no other fields.
  return { ...status, ...told, peers } as unknown as NodeStatus;
}
