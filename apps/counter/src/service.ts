// One running node of the service, independent of how it was configured: a Raft node over given adapters, the state
// machine, and the HTTP interface in front of them.

import type { LogStorage, SnapshotStore, Transport } from "@quorate/contracts";
import { type ServeOptions, Watches } from "@quorate/client/server";
import { encodePlain, type SessionResult, withSessions } from "@quorate/client/sessions";
import {
  chunksOf,
  type Configuration,
  type NodeEvent,
  type NodeLimits,
  type Proposed,
  RaftNode,
  type RaftTuning,
  type SnapshotOptions,
  type SnapshotSource,
  systemClock,
} from "@quorate/node";
import { Changes } from "./changes.ts";
import { clientApplication } from "./client-port/application.ts";
import { createHttpHandler, type HttpHandler } from "./http/app.ts";
import { statusOf } from "./http/status.ts";
import { manifest } from "./manifest.ts";
import { decodeAddress, encodeAddress, type MemberAddress } from "./members/address.ts";
import { AddressBook } from "./members/address-book.ts";
import { type Notice, Standing } from "./members/standing.ts";
import { watchedMembers } from "./http/watch.ts";
import type { Service, ServiceNode } from "./service-node.ts";
import { CounterMachine } from "./state-machine/machine.ts";
import { encodeResult } from "./state-machine/result-bytes.ts";
import type { Answer, Query, Result } from "./state-machine/result.ts";

/** How long a stopping leader waits for its successor. */
const handOverMs = 1000;

/** What one node of the service is made of. */
export type ServiceOptions = {
  readonly clusterId: string;
  readonly nodeId: string;
  /**
   * The members that form the cluster, by node id, and where they are. Once the cluster runs, the log says who belongs to
   * it and where; then this is only where to look first.
   */
  readonly members: ReadonlyMap<string, MemberAddress>;
  /** True for a node that is to be added to a running cluster: it forms none, and waits until it is added. */
  readonly joins?: boolean;
  /**
   * False if the addresses in `members` count before those in the log: for a cluster whose nodes have all moved at once, so
   * that nobody could be told of it. Default true.
   */
  readonly trustsLog?: boolean;
  readonly storage: LogStorage;
  /** Where snapshots are kept. Without it the log is kept whole. */
  readonly snapshots?: SnapshotStore;
  /** When snapshots are taken, and how much of the log stays behind them. Default: that of `RaftNode`. */
  readonly snapshotPolicy?: Omit<SnapshotOptions, "store">;
  /** Bounds of what the node holds. Default: those of `RaftNode`. */
  readonly limits?: NodeLimits;
  readonly transport: Transport;
  readonly raft?: RaftTuning;
  /** Called with every error that is a defect of the service. */
  readonly onDefect: (error: unknown) => void;
  /** Called with everything that the node reports, from the beginning of its start on. Must not throw. */
  readonly onEvent?: (event: NodeEvent) => void;
  /** Called with what the owner of this node should know about its place in the cluster. */
  readonly onNotice?: (notice: Notice) => void;
  /** Asks other members who belongs to the cluster. Default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
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
  const { clusterId, nodeId, members, onDefect, trustsLog = true } = options;
  const changes = new Changes();
  const counters = new CounterMachine(undefined, (changed) => changes.publish(changed));
  const stateMachine = withSessions<Query, Answer, Result>(counters, { encodeResult });
  const node = await RaftNode.start<Query, Answer, SessionResult<Result>>({
    clusterId,
    nodeId,
    configuration: foundersOf(options),
    joins: options.joins ?? false,
    // Where nothing comes from the log, the transport uses the addresses that it was made with.
    peerAddress: (address) => (trustsLog ? decodeAddress(address)?.peer : undefined),
    storage: options.storage,
    transport: options.transport,
    stateMachine,
    ...(options.snapshots === undefined ? {} : { snapshots: { ...options.snapshotPolicy, store: options.snapshots } }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.raft === undefined ? {} : { raft: options.raft }),
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  const addresses = new AddressBook({ members, trustsLog, configuration: () => node.currentStatus().configuration });
  const standing = standingOf(options, node, addresses);
  let draining = false;
  const clientPort = clientPortOf({
    options,
    node,
    changes,
    addresses,
    status: () => JSON.stringify(statusOf(service)),
  });
  const service: Service = {
    clusterId,
    nodeId,
    addresses,
    version: manifest().version,
    node: withoutSessions(node),
    explain: () => standing.explain(),
    takeSnapshot: () => takeSnapshot(node, options.snapshots),
    openSnapshot: () => openSnapshot(node, options.snapshots),
    committedMsAgo: (index) => standing.committedMsAgo(index),
    watches: watchesOf(clientPort),
    stateHash: () => counters.stateHash(),
    isDraining: () => draining,
    onDefect,
  };
  const close = (): Promise<void> => {
    standing.close();
    service.watches.close();
    return node.close();
  };
  return {
    handle: createHttpHandler(service),
    clientPort,
    events: () => node.events(),
    drain: async () => {
      draining = true;
      service.watches.close();
      // Without another voter, or if the target does not answer, the others notice soon enough by themselves.
      await node.transferLeadership(undefined, { timeoutMs: handOverMs }).catch(() => undefined);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The service behind the binary protocol. */
function clientPortOf(parts: {
  readonly options: ServiceOptions;
  readonly node: RaftNode<Query, Answer, SessionResult<Result>>;
  readonly changes: Changes;
  readonly addresses: AddressBook;
  readonly status: () => string;
}): ClientPortParts {
  const { options, node, changes, addresses, status } = parts;
  const { clusterId, nodeId, onDefect } = options;
  const application = clientApplication({
    changes: (onChange) => changes.listen(onChange),
    status,
    leaderFacts: (leaderId) => ({ http: addresses.of(leaderId)?.http }),
  });
  return { clusterId, nodeId, node, addresses: { get: (id) => addresses.of(id)?.client }, application, onDefect };
}

/** Watching over HTTP: the same, with JSON in the events. */
function watchesOf({ nodeId, node, addresses, application, onDefect }: ClientPortParts): Watches<Query, Answer> {
  const facts = { nodeId, addresses, currentStatus: () => node.currentStatus(), onDefect };
  return new Watches({
    node,
    application: { ...application, event: watchedMembers },
    facts,
    clock: systemClock,
  });
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
    changeMembership: (changes, options) => node.changeMembership(changes, options),
    transferLeadership: (to, options) => node.transferLeadership(to, options),
    currentStatus: () => node.currentStatus(),
  };
}

/** Stores the state of this moment, unless a newer one came from the leader meanwhile. */
async function takeSnapshot(
  node: Pick<RaftNode<Query, Answer, SessionResult<Result>>, "takeSnapshot">,
  snapshots: SnapshotStore | undefined,
): Promise<SnapshotSource["snapshot"] | undefined> {
  await node.takeSnapshot();
  const reader = await snapshots?.openLatest();
  await reader?.close();
  return reader?.snapshot;
}

/** The state of this moment as bytes that do not change while they are read. */
async function openSnapshot(
  node: Pick<RaftNode<Query, Answer, SessionResult<Result>>, "takeSnapshot">,
  snapshots: SnapshotStore | undefined,
): Promise<SnapshotSource | undefined> {
  await node.takeSnapshot();
  const reader = await snapshots?.openLatest();
  return reader && { snapshot: reader.snapshot, chunks: () => chunksOf(reader) };
}

/** Listens to the node as long as it runs. */
function standingOf(
  { clusterId, nodeId, joins = false, ...options }: ServiceOptions,
  node: RaftNode<Query, Answer, SessionResult<Result>>,
  addresses: AddressBook,
): Standing {
  const standing = new Standing({
    clusterId,
    nodeId,
    node,
    addresses,
    joins,
    clock: systemClock,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    onNotice: options.onNotice ?? (() => {}),
  });
  const listen = async (): Promise<void> => {
    for await (const event of node.events()) standing.onEvent(event);
  };
  listen().catch(options.onDefect);
  return standing;
}

/** Their addresses stand in the log from its first entry on. */
function foundersOf({ members, nodeId, joins = false }: ServiceOptions): Configuration {
  const founders = [...members].filter(([id]) => !joins || id !== nodeId);
  return {
    voters: founders.map(([id]) => id),
    learners: [],
    records: founders.map(([id, address]) => ({ id, address: encodeAddress(address) })),
  };
}
