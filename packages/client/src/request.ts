// A call as the retries see it: what is asked, and how one attempt at one node can end. Each wire makes attempts in its own way.

import type { QuorateError } from "@quorate/contracts";
import { describeOperation, type Operation } from "./operations/operation.ts";
import type { Consistency, LogPosition } from "./types.ts";

/** What keeps sessions; only the binary protocol has them. */
export type SessionOperation =
  | { readonly type: "openSession" }
  | { readonly type: "keepAlive"; readonly session: number; readonly acknowledgedBelow: number }
  | { readonly type: "closeSession"; readonly session: number };

/** A write's place in a session: the cluster does each once. */
export type SessionTurn = {
  readonly session: number;
  readonly sequence: number;
  /** The first sequence number whose answer is still needed, at this moment. */
  acknowledgedBelow(): number;
};

/** What a call asks, independent of the node that is asked. */
export type Request = {
  readonly operation: Operation | SessionOperation;
  /** Only writes: makes it safe to repeat, unless `turn` does. */
  readonly idempotencyKey?: string | undefined;
  /** Only writes over the binary protocol. */
  readonly turn?: SessionTurn | undefined;
  /** Only reads. */
  readonly consistency?: Consistency | undefined;
  /** Only stale reads. */
  readonly maxAgeMs?: number | undefined;
  /** Only reads: not older than this index. */
  readonly minIndex?: number | undefined;
  /** Only reads that are not stale: answered by whoever is asked. */
  readonly forward?: boolean | undefined;
  /** A write's outcome can be unknown; a read can simply be repeated. */
  readonly isWrite: boolean;
  /** False if it could take effect once more when it is repeated: after an attempt of unknown outcome there is no other. */
  readonly isRepeatable: boolean;
  /** Only the leader answers: redirects are expected, and whoever answers is the leader. */
  readonly needsLeader: boolean;
};

/** A success, whichever wire it came over. */
export type Answer = {
  readonly endpoint: string;
  /** Members as the HTTP interface has them; undefined if there is nothing to say. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** Where the answer stands in the log, unless `body` says it. */
  readonly position: LogPosition | undefined;
  /** The level at which a read was answered; undefined if the node did not say. */
  readonly consistency: Consistency | undefined;
  readonly replayed: boolean;
};

/** What a refusal is about: the request itself, the node that was asked, or too much at once. */
export type RefusalScope = "request" | "node" | "load";

/** How an attempt ended. */
export type AttemptResult =
  | { readonly type: "answered"; readonly answer: Answer }
  /** The node is not the leader; `leader` is the endpoint it names, if it names one. */
  | { readonly type: "redirected"; readonly leader: string | undefined }
  | {
      readonly type: "refused";
      readonly error: QuorateError;
      readonly scope: RefusalScope;
      readonly retryAfterMs: number;
    }
  /** No answer. `sent` is false only if the request certainly never left. */
  | { readonly type: "failed"; readonly reason: string; readonly sent: boolean; readonly timedOut: boolean };

/** Sends a request to one node once. Rejects only when `signal` is aborted, with its reason. */
export type Attempt = (options: {
  readonly request: Request;
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}) => Promise<AttemptResult>;

/** How long a node may wait for an index, within an attempt: its answer has to come back too. */
export function waitWithin(timeoutMs: number): number {
  return Math.max(1, Math.floor(timeoutMs * 0.75));
}

/** What the request does, for messages. */
export function describeRequest({ operation }: Request): string {
  switch (operation.type) {
    case "openSession":
      return "Opening a session";
    case "keepAlive":
      return `Keeping session ${operation.session}`;
    case "closeSession":
      return `Closing session ${operation.session}`;
    default:
      return describeOperation(operation);
  }
}
