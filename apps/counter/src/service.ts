// One running node of the service, independent of how it was configured: a Raft node over given adapters, the state
// machine, and the HTTP interface in front of them.

import type { LogStorage, SnapshotStore, Transport } from "@quorate/contracts";
import type { ServeOptions } from "@quorate/client/server";
import { encodePlain, type SessionResult, withSessions } from "@quorate/client/sessions";
import { type NodeEvent, type Proposed, RaftNode, type RaftTuning } from "@quorate/node";
import { Changes } from "./changes.ts";
import { clientApplication } from "./client-port/application.ts";
import { createHttpHandler, type HttpHandler } from "./http/app.ts";
import { statusOf } from "./http/status.ts";
import type { Service, ServiceNode } from "./service-node.ts";
import { CounterMachine } from "./state-machine/machine.ts";
import { encodeResult } from "./state-machine/result-bytes.ts";
import type { Answer, Query, Result } from "./state-machine/result.ts";
import { packageVersion } from "./version.ts";

/** How long a stopping leader waits for its successor. */
const handOverMs = 1000;

/** What one node of the service is made of. */
export type ServiceOptions = {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Base address of each member's HTTP interface by node id; its keys are the members. */
  readonly httpUrls: ReadonlyMap<string, string>;
  /** Address of each member's client port, `HOST:PORT`, by node id; clients are sent there. Members may be missing. */
  readonly clientAddresses?: ReadonlyMap<string, string>;
  readonly storage: LogStorage;
  /** Where snapshots are kept. Without it the log is kept whole. */
  readonly snapshots?: SnapshotStore;
  readonly transport: Transport;
  readonly raft?: RaftTuning;
  /** Called with every error that is a defect of the service. */
  readonly onDefect: (error: unknown) => void;
};

/** The service as the binary protocol sees it. */
export type ClientPortParts = Omit<ServeOptions<Query, Answer, Result>, "listen" | "tls" | "limits">;

/** A running node of the service. */
export type RunningService = AsyncDisposable & {
  /** Answers HTTP requests; serve it with any server that speaks `Request` and `Response`. */
  readonly handle: HttpHandler;
  /** What `serveClients` of `@quorate/client/server` needs to answer programs that use the binary protocol. */
  readonly clientPort: ClientPortParts;
  /** What the node reports from now on. */
  events(): AsyncIterable<NodeEvent>;
  /**
   * From now on the node calls itself not ready. If it leads, it hands its leadership over, so that writes go on without
   * waiting for an election timeout; resolves when that is done or has failed.
   */
  drain(): Promise<void>;
  /** Stops the node; waiting calls end with an error. Idempotent. */
  close(): Promise<void>;
};

/** Starts a node of the service. Rejects with what `RaftNode.start` rejects with. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { clusterId, nodeId, httpUrls, onDefect } = options;
  const changes = new Changes();
  const counters = new CounterMachine(undefined, (changed) => changes.publish(changed));
  const stateMachine = withSessions<Query, Answer, Result>(counters, { encodeResult });
  const node = await RaftNode.start<Query, Answer, SessionResult<Result>>({
    clusterId,
    nodeId,
    configuration: { voters: [...httpUrls.keys()], learners: [] },
    storage: options.storage,
    transport: options.transport,
    stateMachine,
    ...(options.snapshots === undefined ? {} : { snapshots: { store: options.snapshots } }),
    ...(options.raft === undefined ? {} : { raft: options.raft }),
  });
  let draining = false;
  const service: Service = {
    clusterId,
    nodeId,
    httpUrls,
    version: packageVersion(),
    node: withoutSessions(node),
    stateHash: () => counters.stateHash(),
    isDraining: () => draining,
    onDefect,
  };
  const clientPort: ClientPortParts = {
    clusterId,
    nodeId,
    node,
    addresses: options.clientAddresses ?? new Map(),
    application: clientApplication({
      changes: (onChange) => changes.listen(onChange),
      status: () => JSON.stringify(statusOf(service)),
      leaderFacts: (leaderId) => ({ http: httpUrls.get(leaderId) }),
    }),
    onDefect,
  };
  const close = (): Promise<void> => node.close();
  return {
    handle: createHttpHandler(service),
    clientPort,
    events: () => node.events(),
    drain: async () => {
      draining = true;
      // Without another voter, or if the target does not answer, the others notice soon enough by themselves.
      await node.transferLeadership(undefined, { timeoutMs: handOverMs }).catch(() => undefined);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** HTTP has no sessions: its commands carry keys instead. */
function withoutSessions(node: RaftNode<Query, Answer, SessionResult<Result>>): ServiceNode {
  return {
    async propose(data, options): Promise<Proposed<Result>> {
      const { index, term, result } = await node.propose(encodePlain(data), options);
      if (result.type !== "plain") throw new Error(`a plain command was answered as ${result.type}`);
      return { index, term, result: result.result };
    },
    query: (query, options) => node.query(query, options),
    transferLeadership: (to, options) => node.transferLeadership(to, options),
    currentStatus: () => node.currentStatus(),
  };
}
