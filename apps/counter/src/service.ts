// One running node of the service, independent of how it was configured: a Raft node over given adapters, the state
// machine, and the HTTP interface in front of them.

import type { LogStorage, SnapshotStore, Transport } from "@quorate/contracts";
import { type NodeEvent, RaftNode, type RaftTuning } from "@quorate/node";
import { createHttpHandler, type HttpHandler } from "./http/app.ts";
import { CounterMachine } from "./state-machine/machine.ts";
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
  readonly storage: LogStorage;
  /** Where snapshots are kept. Without it the log is kept whole. */
  readonly snapshots?: SnapshotStore;
  readonly transport: Transport;
  readonly raft?: RaftTuning;
  /** Called with every error that is a defect of the service. */
  readonly onDefect: (error: unknown) => void;
};

/** A running node of the service. */
export type RunningService = AsyncDisposable & {
  /** Answers HTTP requests; serve it with any server that speaks `Request` and `Response`. */
  readonly handle: HttpHandler;
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
  const stateMachine = new CounterMachine();
  const node = await RaftNode.start<Query, Answer, Result>({
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
  const handle = createHttpHandler({
    clusterId,
    nodeId,
    httpUrls,
    version: packageVersion(),
    node,
    stateHash: () => stateMachine.stateHash(),
    isDraining: () => draining,
    onDefect,
  });
  const close = (): Promise<void> => node.close();
  return {
    handle,
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
