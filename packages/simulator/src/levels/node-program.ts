// The faithful level: a process runs the real RaftNode, driver and promises included, on simulated ports.

import { codeOf, isQuorateError, type NodeId } from "@quorate/contracts";
import type { MembershipChange } from "@quorate/core";
import type { NodeStatus, Proposed, Queried } from "@quorate/node";
import type { SimulatedNode } from "../builds/build.ts";
import { SimulatedTransport } from "../ports/network.ts";
import { SimulatedSnapshots } from "../ports/snapshots.ts";
import { SimulatedStorage } from "../ports/storage.ts";
import type { CallFailure, Outcome, Program, ProgramParts, ReadOptions } from "./program.ts";

/** How long a node may work on a call, in ms. */
const CALL_TIMEOUT_MS = 1_000;

/** Starts a node. */
export function startNode<Query, Answer, Result>(parts: ProgramParts<Query, Answer, Result>): void {
  const { id, clusterId, build, founders, raft, clock, random, stateMachine, process } = parts;
  const snapshots = snapshotsOf(parts);
  build
    .start<Query, Answer, Result>({
      clusterId,
      nodeId: id,
      configuration: founders,
      storage: storageOf(parts),
      transport: transportOf(parts),
      clock,
      stateMachine,
      ...(snapshots !== undefined && { snapshots }),
      random,
      raft,
    })
    .then(
      (node) => parts.onStarted(new NodeProgram(node, parts)),
      (error: unknown) => {
        if (process.isAlive) parts.onStartFailed({ code: codeOf(error), message: String(error) });
      },
    );
}

type AnyParts = Omit<ProgramParts<never, unknown, unknown>, "stateMachine" | "onStarted">;

function storageOf({ world, process, disk, witness }: AnyParts): SimulatedStorage {
  return new SimulatedStorage({ world, process, disk, onWrite: witness.written, onCompact: witness.compacted });
}

function transportOf({ id, build, network, process, maxMessageBytes, witness }: AnyParts): SimulatedTransport {
  const { codec } = build;
  return new SimulatedTransport({ nodeId: id, network, process, maxMessageBytes, codec, onSend: witness.sent });
}

function snapshotsOf({ world, process, disk, snapshots, witness }: AnyParts) {
  if (snapshots === undefined) return undefined;
  return { store: new SimulatedSnapshots({ world, process, disk, onCommit: witness.snapshotTaken }), ...snapshots };
}

/** A node whose promises are told as calls. */
class NodeProgram<Query, Answer, Result> implements Program<Query, Answer, Result> {
  readonly #node: SimulatedNode<Query, Answer, Result>;
  readonly #parts: Pick<ProgramParts<Query, Answer, Result>, "world" | "process">;

  constructor(
    node: SimulatedNode<Query, Answer, Result>,
    parts: Pick<ProgramParts<Query, Answer, Result>, "world" | "process">,
  ) {
    this.#node = node;
    this.#parts = parts;
  }

  status(): NodeStatus {
    return this.#node.currentStatus();
  }

  explain(): string {
    return this.#node.explain();
  }

  propose(data: Uint8Array, end: (outcome: Outcome<Proposed<Result>>) => void): void {
    this.#call(this.#node.propose(data, { timeoutMs: CALL_TIMEOUT_MS }), end);
  }

  query(query: Query, options: ReadOptions, end: (outcome: Outcome<Queried<Answer>>) => void): void {
    this.#call(this.#node.query(query, { ...options, timeoutMs: CALL_TIMEOUT_MS }), end);
  }

  transferLeadership(to: NodeId | undefined, onDone: () => void): void {
    this.#node.transferLeadership(to).then(onDone, () => undefined);
    this.#parts.world.promisesSettled();
  }

  changeMembership(
    changes: readonly MembershipChange[],
    { force, onDone }: { readonly force: boolean; readonly onDone: () => void },
  ): void {
    this.#node.changeMembership(changes, { force }).then(onDone, () => undefined);
    this.#parts.world.promisesSettled();
  }

  /** While a call waits, any turn of the node may settle it. */
  #call<T>(promise: Promise<T>, end: (outcome: Outcome<T>) => void): void {
    const { process, world } = this.#parts;
    process.openCalls += 1;
    const tell = (outcome: Outcome<T>): void => {
      process.openCalls -= 1;
      if (process.isAlive) end(outcome);
    };
    promise.then(
      (value) => tell({ value }),
      (error: unknown) => tell({ failure: failureOf(error) }),
    );
    world.promisesSettled();
  }
}

function failureOf(error: unknown): CallFailure {
  // By its code: the node may run a build that has an error class of its own.
  if (!isQuorateError(error)) {
    return { code: undefined, message: String(error), outcome: "none", leaderId: undefined };
  }
  const { code, message, outcome, details } = error;
  const leaderId = details["leaderId"];
  return {
    code,
    message,
    outcome: outcome === "unknown" ? "unknown" : "none",
    leaderId: typeof leaderId === "string" ? leaderId : undefined,
  };
}
