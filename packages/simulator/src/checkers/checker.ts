// What a checker of one property can see, and how it speaks. Checkers watch every turn of every node from outside; none of
// them asks the node whether it is right.

import type {
  CommittedCommand,
  Configuration,
  Entry,
  EntryId,
  LogWrite,
  Message,
  NodeId,
  StoredSnapshot,
} from "@quorate/contracts";
import type { Consistency } from "@quorate/node";
import type { NodeStatus } from "@quorate/node";
import type { LogImage } from "../ports/log-image.ts";

/** A node as the checkers see it. */
export type ObservedNode = {
  readonly id: NodeId;
  /** Counts the starts of this node's process. */
  readonly boots: number;
  /** The log as this process sees it. */
  readonly log: LogImage;
  /** What is on the disk for good. */
  readonly durable: LogImage;
  /** The same, and what was on the disks before that are gone. Each is named by the incarnation in its identity. */
  readonly stores: readonly LogImage[];
  /** As of the latest turn; undefined before the first turn of a process. */
  readonly status: NodeStatus | undefined;
  /** Who belongs to the cluster by this node's log. */
  readonly configuration: Configuration;
  /** The same at the end of the latest turn: what the node decided since may have been decided by either. */
  readonly configurationBefore: Configuration;
  /** Names the disk: another one after it was replaced by an empty one. Undefined before the node has named it. */
  readonly incarnation: string | undefined;
};

/** An entry that a node considers committed. */
export type CommittedEntry = {
  readonly entry: Entry;
  /** It was committed in this term or before: the lowest term in which a node has said so. */
  readonly inTerm: number;
};

/** One call of a client that changes the state. */
export type ClientCommand = {
  readonly operation: number;
  readonly client: number;
  readonly data: Uint8Array;
  /** Only for an operation that its client may repeat. */
  readonly repeatable?: {
    /** What a result says, or undefined if it says that the answer is forgotten. */
    readonly answer: (result: unknown) => string | undefined;
    /** True if a result says that the client is no longer known. */
    readonly isExpired: (result: unknown) => boolean;
    /** True once the client has been answered, or has given up. */
    readonly isOver: () => boolean;
  };
};

/** A linearizable read that was answered. */
export type ClientRead = {
  readonly client: number;
  /** The node that answered. */
  readonly node: ObservedNode;
  /** The level that was really used. */
  readonly consistency: Consistency;
  /** The node may have asked its leader. */
  readonly isForwarded: boolean;
  /** When the read came to the node, in ms of virtual time. */
  readonly arrivedMs: number;
  /** Where the state stood that answered it. */
  readonly index: number;
  /** The highest index that any client knew when the read began. */
  readonly seenBefore: number;
};

/** A snapshot as it is written down. */
export type SnapshotSeen = {
  readonly stored: StoredSnapshot;
  /** What the state that was written down contains. */
  readonly appliedIndex: number;
  readonly content: Uint8Array;
};

/** Tells that a property does not hold. */
export type ReportViolation = (message: string) => void;

/** What a checker may look at besides what it is told. */
export type Surroundings = {
  readonly nodes: readonly ObservedNode[];
  /** Who formed the cluster. */
  readonly founders: Configuration;
  /** By index. Grows when a node's commit index passes everything known. */
  readonly committed: ReadonlyMap<number, CommittedEntry>;
  /** Virtual time in ms. */
  readonly nowMs: () => number;
  readonly report: ReportViolation;
};

/** Watches one property. Every hook is called synchronously; all are optional. */
export type Checker = {
  readonly property: string;
  /** A process of the node begins. */
  readonly onStart?: (node: ObservedNode) => void;
  /** The node's disk was replaced by an empty one: it remembers nothing, and nobody may count on what it promised. */
  readonly onWipe?: (node: ObservedNode) => void;
  /** A message leaves. */
  readonly onSend?: (node: ObservedNode, message: Message) => void;
  /** A write is handed to the disk; `node.log` is still without it. */
  readonly onWrite?: (node: ObservedNode, write: LogWrite) => void;
  /** The log is about to forget everything up to `base`. */
  readonly onCompact?: (node: ObservedNode, base: EntryId) => void;
  /** A snapshot is about to become the node's latest one. `appliedIndex` is what the state in it contains. */
  readonly onSnapshot?: (node: ObservedNode, snapshot: SnapshotSeen) => void;
  /** The state machine was replaced by a snapshot that contains everything up to `appliedIndex`. */
  readonly onRestore?: (node: ObservedNode, appliedIndex: number) => void;
  /** A node's commit index has come to `entry`. */
  readonly onCommit?: (node: ObservedNode, entry: Entry, status: NodeStatus) => void;
  /** A turn is over. `node.status` is that of the turn before. */
  readonly onTurn?: (node: ObservedNode, status: NodeStatus) => void;
  /** A command was applied. */
  readonly onApply?: (node: ObservedNode, command: CommittedCommand, result: unknown) => void;
  /** A client sends a command. */
  readonly onAttempt?: (command: ClientCommand) => void;
  /** A client's command was acknowledged. */
  readonly onAcknowledged?: (
    command: ClientCommand,
    position: { readonly index: number; readonly term: number },
  ) => void;
  /** A client was told that its command certainly has no effect. */
  readonly onRefused?: (command: ClientCommand) => void;
  /** A client's linearizable read was answered. */
  readonly onRead?: (read: ClientRead) => void;
};

/** Makes a checker for one run. */
export type CheckerFactory = (surroundings: Surroundings) => Checker;
