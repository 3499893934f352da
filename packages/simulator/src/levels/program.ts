// What runs in a process, as the rest of the simulation sees it: a machine starts it, clients and operators call it, checkers
// look at it. A level of simulation is one way to run something there; everything else is the same at all levels.

import type { Configuration, EntryId, LogWrite, Message, NodeId } from "@quorate/contracts";
import type { MembershipChange } from "@quorate/core";
import type { Consistency, NodeStatus, Proposed, Queried, RaftTuning } from "@quorate/node";
import type { Build } from "../builds/build.ts";
import type { SnapshotSettings } from "../options.ts";
import type { ProcessClock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { SnapshotImage } from "../ports/log-image.ts";
import type { Network } from "../ports/network.ts";
import type { Process } from "../ports/process.ts";
import type { WatchedStateMachine } from "../watched-state-machine.ts";
import type { World } from "../world/world.ts";

/** How a call of a client ended. Nobody hears of a call whose process has died. */
export type Outcome<T> = { readonly value: T } | { readonly failure: CallFailure };

/** Why a call was not answered. */
export type CallFailure = {
  /** A `QUORATE_…` code; undefined for what the state machine threw. */
  readonly code: string | undefined;
  readonly message: string;
  /** `none`: it certainly had no effect. */
  readonly outcome: "none" | "unknown";
  /** Who leads, if the failure tells. */
  readonly leaderId: NodeId | undefined;
};

/** How a client wants its query to be answered. */
export type ReadOptions = { readonly consistency: Consistency; readonly forward: boolean };

/** A running server. Every call ends by itself, or its client loses patience. */
export type Program<Query, Answer, Result> = {
  readonly status: () => NodeStatus;
  /** The state in words, for a report. */
  readonly explain: () => string;
  readonly propose: (data: Uint8Array, end: (outcome: Outcome<Proposed<Result>>) => void) => void;
  readonly query: (query: Query, options: ReadOptions, end: (outcome: Outcome<Queried<Answer>>) => void) => void;
  /** `onDone` is called when somebody else leads, as far as this server is told. */
  readonly transferLeadership: (to: NodeId | undefined, onDone: () => void) => void;
  /** `onDone` is called when the change is committed. */
  readonly changeMembership: (
    changes: readonly MembershipChange[],
    options: { readonly force: boolean; readonly onDone: () => void },
  ) => void;
};

/** Sees what a program does, before it takes effect. */
export type Witness = {
  readonly sent: (message: Message) => void;
  readonly written: (write: LogWrite) => void;
  readonly compacted: (base: EntryId) => void;
  readonly snapshotTaken: (snapshot: SnapshotImage) => void;
};

/** What a process is given to run a program on. */
export type ProgramParts<Query, Answer, Result> = {
  readonly id: NodeId;
  readonly clusterId: string;
  /** The version of the code. */
  readonly build: Build;
  /** Who formed the cluster. */
  readonly founders: Configuration;
  readonly raft: RaftTuning;
  readonly snapshots: SnapshotSettings | undefined;
  readonly maxMessageBytes: number;
  readonly world: World;
  readonly network: Network;
  readonly process: Process;
  readonly clock: ProcessClock;
  /** As the last process has left it. */
  readonly disk: Disk;
  readonly random: () => number;
  readonly stateMachine: WatchedStateMachine<Query, Answer, Result>;
  readonly witness: Witness;
  readonly onStarted: (program: Program<Query, Answer, Result>) => void;
  /** It does not run, and will not. */
  readonly onStartFailed: (failure: { readonly code: string | undefined; readonly message: string }) => void;
};

/** Starts a program. Calls `onStarted` or `onStartFailed`, now or later, unless the process dies before. */
export type StartProgram = <Query, Answer, Result>(parts: ProgramParts<Query, Answer, Result>) => void;
