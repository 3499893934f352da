// Nodes for tests, behind a function with the shape of fetch: each one is a function from requests to answers.
import { type Client, type ClientOptions, createClient } from "../src/index.ts";
import { VirtualClock } from "./virtual-clock.ts";

export type FakeRequest = {
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
};

export type FakeNode = (request: FakeRequest) => Response | Promise<Response>;

export type FakeCluster = {
  readonly client: Client;
  readonly clock: VirtualClock;
  /** Every request in order. */
  readonly requests: readonly FakeRequest[];
  /** The nodes by origin; a missing one refuses connections. */
  readonly nodes: Map<string, FakeNode>;
};

export const [a, b, c] = ["http://a:1", "http://b:1", "http://c:1"] as const;

/** A client of the endpoints a, b and c with virtual time and without jitter (pauses have their upper bound). */
export function fakeCluster(
  nodes: Readonly<Record<string, FakeNode>>,
  options: Partial<ClientOptions> = {},
): FakeCluster {
  const clock = new VirtualClock();
  const requests: FakeRequest[] = [];
  const byOrigin = new Map(Object.entries(nodes));
  const client = createClient({
    endpoints: [a, b, c],
    clock,
    random: () => 0.999,
    async fetch(address, init) {
      const url = new URL(address);
      const request: FakeRequest = {
        endpoint: url.origin,
        method: init.method ?? "GET",
        path: url.pathname + url.search,
        headers: new Headers(init.headers),
        body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
        signal: init.signal ?? undefined,
      };
      requests.push(request);
      const node = byOrigin.get(url.origin);
      if (node === undefined) throw connectionError("ECONNREFUSED");
      return node(request);
    },
    ...options,
  });
  return { client, clock, requests, nodes: byOrigin };
}

/** What Node's fetch throws when a connection fails. */
export function connectionError(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(`connection failed: ${code}`), { code }) });
}

export const reset: FakeNode = () => {
  throw connectionError("ECONNRESET");
};

/** Accepts the request and never answers. */
export const hang: FakeNode = ({ signal }) =>
  new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(new DOMException("aborted", "AbortError"));
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });

export function counterAt(value: number, headers: Readonly<Record<string, string>> = {}): FakeNode {
  return () => Response.json({ name: "hits", value, index: 7, term: 2 }, { headers });
}

export function redirectTo(leader: string, status = 421): FakeNode {
  return ({ path }) =>
    problem(status, { code: "QUORATE_NOT_LEADER", outcome: "none" }, { location: leader + path, "raft-leader": "n9" });
}

export function problem(
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { type: "about:blank", title: "Failed", status, detail: "what happened", hint: "what to do", ...body },
    { status, headers: { "content-type": "application/problem+json", ...headers } },
  );
}

export const noLeader: FakeNode = () =>
  problem(503, { code: "QUORATE_NO_LEADER", outcome: "none", retryable: true }, { "retry-after": "1" });

/** Answers with these nodes' answers, one after the other; the last one stays. */
export function inTurn(...nodes: readonly FakeNode[]): FakeNode {
  let turn = 0;
  return (request) => {
    const node = nodes[Math.min(turn, nodes.length - 1)];
    turn += 1;
    if (node === undefined) throw new Error("inTurn needs at least one node");
    return node(request);
  };
}
