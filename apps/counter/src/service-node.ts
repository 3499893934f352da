// What the service needs of a node, and what it knows about the cluster around it. The HTTP layer sees only this, so it is
// tested without sockets and without Raft.

import type { Watches } from "@quorate/client/server";
import type {
  CallOptions,
  Changed,
  ChangeOptions,
  MembershipChange,
  NodeStatus,
  Proposed,
  Queried,
  QueryOptions,
  SnapshotSource,
  Transferred,
} from "@quorate/node";
import type { AddressBook } from "./members/address-book.ts";
import type { Answer, Query, Result } from "./state-machine/result.ts";

/** The part of a node that answers requests. */
export type ServiceNode = {
  propose(data: Uint8Array, options?: CallOptions): Promise<Proposed<Result>>;
  query(query: Query, options?: QueryOptions): Promise<Queried<Answer>>;
  changeMembership(changes: readonly MembershipChange[], options?: ChangeOptions): Promise<Changed>;
  transferLeadership(to?: string, options?: CallOptions): Promise<Transferred>;
  currentStatus(): NodeStatus;
};

/** One node's service: the node, its state machine, and the addresses of the cluster. */
export type Service = {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Where the members are. */
  readonly addresses: Pick<AddressBook, "of">;
  /** Version of the package. */
  readonly version: string;
  readonly node: ServiceNode;
  /** Why this node takes no part in the cluster, or why nobody leads; undefined if all is well. */
  explain(): string | undefined;
  /** How long ago the entry at this index was committed, in ms; undefined if that is not known. Only while leading. */
  committedMsAgo(index: number): number | undefined;
  /** Who watches over HTTP. */
  readonly watches: Watches<Query, Answer>;
  /** Takes a snapshot; resolves with the latest one when it is durable; undefined if there is none. */
  takeSnapshot(): Promise<SnapshotSource["snapshot"] | undefined>;
  /** Takes a snapshot and opens it; undefined if this node keeps none. Whoever asks reads it to its end. */
  openSnapshot(): Promise<SnapshotSource | undefined>;
  /** The state's hash; computed when asked. */
  stateHash(): string;
  /** True from the moment the node was told to stop. */
  isDraining(): boolean;
  /** Called with every error that is a defect of the service. */
  onDefect(error: unknown): void;
};
