// What the service needs of a node, and what it knows about the cluster around it. The HTTP layer sees only this, so it is
// tested without sockets and without Raft.

import type { CallOptions, Consistency, NodeStatus, Proposed, Queried, Transferred } from "@quorate/node";
import type { Answer, Query, Result } from "./state-machine/result.ts";

/** The part of a node that answers requests. */
export type ServiceNode = {
  propose(data: Uint8Array, options?: CallOptions): Promise<Proposed<Result>>;
  query(query: Query, options?: CallOptions & { readonly consistency?: Consistency }): Promise<Queried<Answer>>;
  transferLeadership(to?: string, options?: CallOptions): Promise<Transferred>;
  currentStatus(): NodeStatus;
};

/** One node's service: the node, its state machine, and the addresses of the cluster. */
export type Service = {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Base address of each member's HTTP API, such as `http://127.0.0.1:8101`, by node id. */
  readonly httpUrls: ReadonlyMap<string, string>;
  /** Version of the package. */
  readonly version: string;
  readonly node: ServiceNode;
  /** The state's hash; computed when asked. */
  stateHash(): string;
  /** True from the moment the node was told to stop. */
  isDraining(): boolean;
  /** Called with every error that is a defect of the service. */
  onDefect(error: unknown): void;
};
