// Nodes behind client ports, without Raft and sockets: a shared state machine with sessions, and nodes that misbehave as told.
import { type CommittedCommand, QuorateError, type StateMachine } from "@quorate/contracts";
import { type Client, type ClientOptions, createClient } from "../../src/index.ts";
import { decodeCounterValue, encodeWrite } from "../../src/operations/bytes.ts";
import {
  ClientPort,
  type ClientPortLimits,
  decodeRead,
  decodeWrite,
  encodeCounterValue,
  type ServedApplication,
  type ServedNode,
} from "../../src/server/index.ts";
import { type SessionLimits, type SessionMachine, withSessions } from "../../src/sessions/index.ts";
import type { ByteChannelEvents } from "../../src/wire/channel.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { type End, pipe } from "./pipe.ts";

/** Counters that start at 0; the command is what the client sent. */
class Counters implements StateMachine<string, number, number> {
  readonly values = new Map<string, number>();
  applied = 0;
  onChange: (name: string) => void = () => {};

  apply(batch: readonly CommittedCommand[]): readonly number[] {
    return batch.map(({ data }) => {
      const { operation } = decodeWrite(data);
      if (operation.type !== "counterAdd") throw new Error("these are counters only");
      this.applied += 1;
      const value = (this.values.get(operation.name) ?? 0) + operation.by;
      this.values.set(operation.name, value);
      this.onChange(operation.name);
      return value;
    });
  }

  query(name: string): number {
    return this.values.get(name) ?? 0;
  }

  snapshot(): Uint8Array {
    throw new Error("not needed here");
  }

  restore(): void {
    throw new Error("not needed here");
  }
}

/** What a node does with the next proposals: each takes one, then all are done. */
export type Fault =
  | "none"
  /** Not applied; the connection is cut. */
  | "lostRequest"
  /** Applied; the connection is cut before the answer leaves. */
  | "lostAnswer"
  /** Not applied, and never answered. */
  | "hang"
  /** Applied, and never answered. */
  | "lateHang"
  /** Applied; the node says that it does not know. */
  | "unknown"
  /** Not applied; the node knows no leader. */
  | "noLeader";

const endpoints = ["tcp://a:1", "tcp://b:1", "tcp://c:1"] as const;

/** Three nodes, of which `a` leads until something else is said. */
export class FakeService {
  readonly clock = new VirtualClock();
  readonly client: Client;
  readonly counters = new Counters();
  readonly machine: SessionMachine<string, number, number>;
  readonly defects: unknown[] = [];
  readonly faults: Fault[] = [];
  /** Calls of the nodes, with the node's name. */
  readonly proposals: { readonly node: string; readonly data: Uint8Array }[] = [];
  readonly queries: { readonly node: string; readonly consistency: string; readonly timeoutMs?: number }[] = [];
  /** The server's ends of all connections, in order. */
  readonly serverEnds: End[] = [];
  readonly clientEnds: End[] = [];
  leader = "a";
  stateAgeMs = 0;
  /** Nodes that refuse connections. */
  readonly down = new Set<string>();
  /** While set, proposals wait for it. */
  gate: Promise<void> | undefined;
  readonly ports = new Map<string, ClientPort<string, number, number>>();
  #index = 0;

  constructor(
    options: {
      readonly client?: Partial<ClientOptions>;
      readonly limits?: Partial<ClientPortLimits>;
      readonly sessions?: Partial<SessionLimits>;
    } = {},
  ) {
    const { sessions } = options;
    this.machine = withSessions(this.counters, {
      encodeResult: encodeCounterValue,
      ...(sessions === undefined ? {} : { limits: sessions }),
    });
    for (const node of ["a", "b", "c"]) this.ports.set(node, this.#port(node, options));
    this.client = createClient({
      endpoints,
      clock: this.clock,
      random: () => 0.999,
      dial: (endpoint, events) => this.#dial(new URL(endpoint).hostname, events),
      ...options.client,
    });
  }

  /** The entry of an addition of 1 without a session. */
  plainAdd(name: string): Uint8Array {
    return encodeWrite({ operation: { type: "counterAdd", name, by: 1 }, idempotencyKey: undefined });
  }

  /** A connection straight to a node's port; returns the client's end and everything that it hears. */
  connect(node = "a"): { readonly end: End; readonly heard: Uint8Array[]; readonly closed: () => boolean } {
    const heard: Uint8Array[] = [];
    let isClosed = false;
    const events = {
      onData: (bytes: Uint8Array) => void heard.push(bytes),
      onDrain: () => {},
      onClose: () => (isClosed = true),
    };
    return { end: this.#attach(node, events).left, heard, closed: () => isClosed };
  }

  /** What a client port over a node is made of. */
  partsOf(node: string) {
    return {
      clusterId: "test",
      nodeId: node,
      node: this.#node(node),
      application: this.#application(),
      addresses: new Map(["a", "b", "c"].map((id) => [id, `${id}:1`])),
      onDefect: (error: unknown) => void this.defects.push(error),
    };
  }

  #dial(node: string, events: ByteChannelEvents & { onOpen(): void }) {
    if (this.down.has(node)) {
      setImmediate(() => events.onClose(`ECONNREFUSED ${node}`));
      const nowhere = { write: () => true, end: () => {}, destroy: () => {} };
      return { ...nowhere, pause: () => {}, resume: () => {}, bufferedBytes: () => 0 };
    }
    const { left } = this.#attach(node, events);
    this.clientEnds.push(left);
    setImmediate(() => events.onOpen());
    return left.channel;
  }

  #attach(node: string, clientEvents: ByteChannelEvents) {
    const both = pipe({ left: () => clientEvents, right: () => serverEvents });
    const port = this.ports.get(node);
    if (port === undefined) throw new Error(`there is no node ${node}`);
    const serverEvents = port.accept(both.right.channel);
    this.serverEnds.push(both.right);
    return both;
  }

  #port(
    node: string,
    { limits, sessions }: { readonly limits?: Partial<ClientPortLimits>; readonly sessions?: Partial<SessionLimits> },
  ): ClientPort<string, number, number> {
    return new ClientPort<string, number, number>({
      ...this.partsOf(node),
      clock: this.clock,
      ...(limits === undefined ? {} : { limits }),
      ...(sessions?.maxInFlight === undefined ? {} : { sessionWindow: sessions.maxInFlight }),
    });
  }

  #node(node: string): ServedNode<string, number, number> {
    return {
      propose: async (data) => {
        this.proposals.push({ node, data });
        await this.gate;
        this.#mustLead(node);
        const fault = this.faults.shift() ?? "none";
        if (fault === "noLeader") throw noLeader();
        if (fault === "hang") return new Promise(() => {});
        if (fault === "lostRequest") return this.#cutAll();
        const place = { index: (this.#index += 1), term: 1 };
        const [result] = this.machine.apply([{ ...place, data }]);
        if (result === undefined) throw new Error("the machine gave no result");
        if (fault === "lostAnswer") return this.#cutAll();
        if (fault === "lateHang") return new Promise(() => {});
        if (fault === "unknown") throw timeout();
        return { ...place, result };
      },
      query: async (name, options) => {
        const { consistency, forward = false, minIndex = 0 } = options;
        this.queries.push({ node, ...options });
        if (consistency !== "stale" && !forward) this.#mustLead(node);
        if (minIndex > this.#index) throw indexNotReached();
        return { index: this.#index, term: 1, answer: this.counters.query(name), consistency };
      },
      transferLeadership: async (to = "b") => {
        await this.gate;
        this.#mustLead(node);
        this.leader = to;
        return { leaderId: to, term: 2 };
      },
      currentStatus: () => ({ leaderId: this.leader, term: 1, stateAgeMs: this.stateAgeMs }),
    };
  }

  #application(): ServedApplication<string, number, number> {
    return {
      command(bytes) {
        decodeWrite(bytes);
        return bytes;
      },
      reply: (value) => ({ bytes: encodeCounterValue(value) }),
      decodeResult: decodeCounterValue,
      query: (bytes) => {
        const operation = decodeRead(bytes);
        return operation.type === "counterGet" ? operation.name : operation.key;
      },
      answer: encodeCounterValue,
      event: encodeCounterValue,
      watchKey: (name) => name,
      changes: (onChange) => {
        this.counters.onChange = onChange;
        return () => (this.counters.onChange = () => {});
      },
      status: () => JSON.stringify({ id: this.leader, role: "leader", term: 1, lastApplied: this.#index, members: [] }),
      leaderFacts: (id) => ({ http: `http://${id}:2` }),
    };
  }

  #mustLead(node: string): void {
    if (node === this.leader) return;
    const details = { leaderId: this.leader };
    throw new QuorateError({ code: "QUORATE_NOT_LEADER", message: "no", hint: "ask the leader", details });
  }

  #cutAll(): Promise<never> {
    for (const end of this.serverEnds) end.cut("ECONNRESET");
    return new Promise(() => {});
  }
}

function noLeader(): QuorateError {
  return new QuorateError({ code: "QUORATE_NO_LEADER", message: "nobody leads", hint: "retry", retryable: true });
}

function indexNotReached(): QuorateError {
  const facts = { code: "QUORATE_INDEX_NOT_REACHED", message: "not reached", hint: "ask another node" } as const;
  return new QuorateError({ ...facts, retryable: true });
}

function timeout(): QuorateError {
  const facts = { code: "QUORATE_PROPOSAL_TIMEOUT", message: "not committed in time", hint: "retry" } as const;
  return new QuorateError({ ...facts, retryable: true, outcome: "unknown" });
}
