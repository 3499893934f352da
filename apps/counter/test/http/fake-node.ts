// A node without Raft: it applies what is proposed at once, or fails as it is told. Lets tests meet every answer of the HTTP
// interface without sockets, clocks or elections.

import { Watches } from "@quorate/client/server";
import { QuorateError } from "@quorate/contracts";
import {
  type CallOptions,
  type MembershipChange,
  type NodeStatus,
  type QueryOptions,
  type SnapshotSource,
  systemClock,
} from "@quorate/node";
import { watchedMembers } from "../../src/http/watch.ts";
import { createHttpHandler, type HttpHandler, type HttpLimits } from "../../src/http/app.ts";
import { AddressBook } from "../../src/members/address-book.ts";
import type { Service, ServiceNode } from "../../src/service-node.ts";
import { type Answer, CounterMachine, type Query } from "../../src/index.ts";

/** A fake node, its state machine, and the HTTP interface over them. */
export class FakeService {
  readonly machine = new CounterMachine();
  readonly defects: unknown[] = [];
  readonly handle: HttpHandler;
  /** Overrides parts of the status. */
  status: Partial<NodeStatus> = {};
  /** While set, proposals, transfers and linearizable reads end with it. */
  failure: Error | undefined;
  /** While set, proposals wait for it. */
  gate: Promise<void> | undefined;
  draining = false;
  /** What the node says is wrong. */
  explanation: string | undefined;
  /** How long ago any entry was committed. */
  lagMs: number | undefined = 70;
  /** What the node gives as its snapshot. */
  snapshot: SnapshotSource | undefined;
  /** The changes of members that were asked for. */
  readonly changes: { readonly changes: readonly MembershipChange[]; readonly options: object }[] = [];
  /** When n3 last answered. */
  peerContactMs = 480;
  /** Whether lease reads are answered as such. */
  hasLease = false;
  proposals = 0;
  /** Called while a query is answered. */
  onQuery: () => void = () => {};
  /** How the latest query was to be answered. */
  lastQuery: QueryOptions | undefined;
  /** The targets of the transfers that were asked for. */
  readonly transfers: (string | undefined)[] = [];
  readonly #id: string;
  #index = 1;

  constructor(options: { readonly id?: string; readonly limits?: HttpLimits } = {}) {
    this.#id = options.id ?? "n1";
    this.handle = createHttpHandler(this.#service(), options.limits);
  }

  /** Sends a request to the interface. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const { body, headers = {} } = options;
    const text = typeof body === "object" ? JSON.stringify(body) : body;
    const type: Record<string, string> = text === undefined ? {} : { "content-type": "application/json" };
    const response = await this.handle(
      new Request(`http://node.test${path}`, {
        method,
        headers: { ...type, ...headers },
        ...(text === undefined ? {} : { body: text }),
      }),
    );
    return replyOf(response);
  }

  #service(): Service {
    const urls = ["n1", "n2", "n3"].map(
      (id, i) => [id, { peer: `127.0.0.1:${7101 + i}`, http: `http://127.0.0.1:${8101 + i}` }] as const,
    );
    return {
      clusterId: "demo",
      nodeId: this.#id,
      addresses: new AddressBook({
        members: new Map(urls),
        trustsLog: true,
        configuration: () => this.#node().currentStatus().configuration,
      }),
      version: "1.2.3",
      node: this.#node(),
      explain: () => this.explanation,
      takeSnapshot: () => Promise.resolve(this.snapshot?.snapshot),
      openSnapshot: () => Promise.resolve(this.snapshot),
      committedMsAgo: () => this.lagMs,
      watches: this.#watches(urls[0]?.[0] ?? ""),
      stateHash: () => this.machine.stateHash(),
      isDraining: () => this.draining,
      onDefect: (error) => this.defects.push(error),
    };
  }

  /** Nothing changes by itself here. */
  #watches(nodeId: string): Watches<Query, Answer> {
    const application = { event: watchedMembers, watchKey: () => "", changes: () => () => {} };
    const currentStatus = () => this.leaderStatus();
    const facts = {
      nodeId,
      addresses: new Map(),
      currentStatus,
      onDefect: (error: unknown) => this.defects.push(error),
    };
    return new Watches({ node: this.#node(), application, facts, clock: systemClock });
  }

  #node(): ServiceNode {
    return {
      propose: async (data: Uint8Array, _options?: CallOptions) => {
        this.proposals += 1;
        if (this.gate !== undefined) await this.gate;
        if (this.failure !== undefined) throw this.failure;
        this.#index += 1;
        const position = { index: this.#index, term: 2 };
        const [result] = this.machine.apply([{ ...position, data }]);
        if (result === undefined) throw new Error("the machine gave no result");
        return { ...position, result };
      },
      query: async (query: Query, options?: QueryOptions) => {
        this.lastQuery = options;
        this.onQuery();
        const asked = options?.consistency ?? "linearizable";
        const consistency = asked === "lease" && !this.hasLease ? "linearizable" : asked;
        if (this.failure !== undefined && consistency !== "stale") throw this.failure;
        if ((options?.minIndex ?? 0) > this.#index) throw indexNotReached(options?.minIndex, this.#index);
        return { index: this.#index, term: 2, answer: this.machine.query(query), consistency };
      },
      changeMembership: async (changes: readonly MembershipChange[], options: object = {}) => {
        this.changes.push({ changes, options });
        if (this.failure !== undefined) throw this.failure;
        const { configuration } = this.leaderStatus();
        return { index: 9, term: 2, configuration };
      },
      transferLeadership: async (to?: string) => {
        this.transfers.push(to);
        if (this.failure !== undefined) throw this.failure;
        return { leaderId: to ?? "n2", term: 3 };
      },
      currentStatus: () => ({ ...this.leaderStatus(), ...this.status }),
    };
  }

  /** What a leader says of itself. */
  leaderStatus(): NodeStatus {
    const index = this.#index;
    const status = {
      clusterId: "demo",
      incarnation: "0000",
      state: "running" as const,
      id: this.#id,
      role: "leader" as const,
      term: 2,
      votedFor: "n1",
      leaderId: "n1",
      configuration: { voters: ["n1", "n2", "n3"], learners: [] },
      configurationIndex: 0,
      commitIndex: index,
      lastApplied: index,
      lastIndex: index,
      lastTerm: 2,
      firstIndex: 1,
      durableIndex: index,
      leaderHeardMsAgo: undefined,
      stateAgeMs: 12,
      transferringTo: undefined,
      peers: [peer("n2", 12), peer("n3", this.peerContactMs)],
    };
    return status;
  }
}

/** What a test sends besides method and path. An object becomes JSON, a string is sent as it is. */
export type RequestOptions = {
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
};

/** An answer, read completely. */
export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; an empty object for an empty body. */
  readonly json: Readonly<Record<string, unknown>>;
};

/** Reads an answer. */
export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const json = text === "" ? {} : JSON.parse(text);
  return { status: response.status, headers: response.headers, text, json };
}

/** What a node says when time is over. */
function indexNotReached(minIndex: number | undefined, lastApplied: number): QuorateError {
  const facts = { code: "QUORATE_INDEX_NOT_REACHED", message: "not reached", hint: "ask another node" } as const;
  return new QuorateError({ ...facts, retryable: true, details: { minIndex, lastApplied } });
}

function peer(id: string, lastContactMs: number): NodeStatus["peers"][number] {
  return {
    id,
    mode: "replicate",
    matchIndex: 1,
    nextIndex: 2,
    inflightMessages: 0,
    inflightBytes: 0,
    lastContactMs,
    stranger: undefined,
  };
}
