// What a client asks: the messages in a frame of requests. Each is an array that begins with an id, chosen by the client and
// unique among its open requests of the connection, and the number of the kind. What commands and queries mean is the
// application's business; here they are bytes.

import { notUnderstood } from "./refusal.ts";
import { WireReader } from "./reader.ts";
import type { WireWriter } from "./writer.ts";

/** How fresh a read must be. */
export type WireConsistency = "linearizable" | "lease" | "stale";

/** What else a read may ask for, besides its level. */
export type ReadConditions = {
  /** The answer is from this index or later; 0: any. */
  readonly minIndex: number;
  /** Linearizable and lease reads: answer at the node that is asked, also if it does not lead. */
  readonly forward: boolean;
  /** How long the node may wait until it can answer, in ms; undefined: as long as it does by itself. */
  readonly maxWaitMs: number | undefined;
};

/** What a request asks for. */
export type WireCall =
  /** `[id, 1, session, sequence, acknowledgedBelow, command]`: takes effect once, however often it is sent. */
  | {
      readonly type: "sessionWrite";
      readonly session: number;
      readonly sequence: number;
      /** The first sequence number of the session whose answer the client still needs. */
      readonly acknowledgedBelow: number;
      readonly command: Uint8Array;
    }
  /** `[id, 2, command]` */
  | { readonly type: "write"; readonly command: Uint8Array }
  /**
   * `[id, 3, consistency, maxAgeMs | nil, query]` with consistency 0 linearizable, 1 lease, 2 stale; with conditions
   * `[id, 3, consistency, maxAgeMs | nil, query, minIndex, forward, maxWaitMs | nil]`
   */
  | {
      readonly type: "read";
      readonly consistency: WireConsistency;
      readonly maxAgeMs: number | undefined;
      readonly query: Uint8Array;
      readonly conditions?: ReadConditions | undefined;
    }
  /** `[id, 4, minIndex, query]`: answered again and again; no event is from before `minIndex`. */
  | { readonly type: "watch"; readonly minIndex: number; readonly query: Uint8Array }
  /** `[id, 5]`: ends the watch of that id, without an answer. */
  | { readonly type: "cancel" }
  /** `[id, 6]` */
  | { readonly type: "openSession" }
  /** `[id, 7, session, acknowledgedBelow]` */
  | { readonly type: "keepAlive"; readonly session: number; readonly acknowledgedBelow: number }
  /** `[id, 8, session]` */
  | { readonly type: "closeSession"; readonly session: number }
  /** `[id, 9]` */
  | { readonly type: "status" }
  /** `[id, 10, to | nil]` */
  | { readonly type: "transfer"; readonly to: string | undefined };

/** A request as it arrived. */
export type WireRequest = { readonly id: number; readonly call: WireCall };

const kinds = {
  sessionWrite: 1,
  write: 2,
  read: 3,
  watch: 4,
  cancel: 5,
  openSession: 6,
  keepAlive: 7,
  closeSession: 8,
  status: 9,
  transfer: 10,
} as const;
const elements: Readonly<Record<WireCall["type"], number>> = {
  sessionWrite: 6,
  write: 3,
  read: 5,
  watch: 4,
  cancel: 2,
  openSession: 2,
  keepAlive: 4,
  closeSession: 3,
  status: 2,
  transfer: 3,
};
/** Elements of a read with conditions. */
const conditionalRead = 8;
const typeByKind: ReadonlyMap<number, WireCall["type"]> = new Map(
  // The entries of an object with known keys.
  (Object.entries(kinds) as [WireCall["type"], number][]).map(([type, kind]) => [kind, type]),
);
/** The levels by their numbers. */
export const consistencies: readonly WireConsistency[] = ["linearizable", "lease", "stale"];
const maxIdBytes = 256;

/** Writes one request. */
export function writeRequest(writer: WireWriter, id: number, call: WireCall): void {
  writer.array(call.type === "read" && call.conditions !== undefined ? conditionalRead : elements[call.type]);
  writer.integer(id);
  writer.integer(kinds[call.type]);
  switch (call.type) {
    case "sessionWrite":
      writer.integer(call.session);
      writer.integer(call.sequence);
      writer.integer(call.acknowledgedBelow);
      writer.bytes(call.command);
      return;
    case "write":
      writer.bytes(call.command);
      return;
    case "read":
      writer.integer(consistencies.indexOf(call.consistency));
      integerOrNil(writer, call.maxAgeMs);
      writer.bytes(call.query);
      if (call.conditions !== undefined) writeConditions(writer, call.conditions);
      return;
    case "watch":
      writer.integer(call.minIndex);
      writer.bytes(call.query);
      return;
    case "keepAlive":
      writer.integer(call.session);
      writer.integer(call.acknowledgedBelow);
      return;
    case "closeSession":
      writer.integer(call.session);
      return;
    case "transfer":
      if (call.to === undefined) writer.nil();
      else writer.text(call.to);
      return;
    case "cancel":
    case "openSession":
    case "status":
      return;
  }
}

function writeConditions(writer: WireWriter, { minIndex, forward, maxWaitMs }: ReadConditions): void {
  writer.integer(minIndex);
  writer.boolean(forward);
  integerOrNil(writer, maxWaitMs);
}

function integerOrNil(writer: WireWriter, value: number | undefined): void {
  if (value === undefined) writer.nil();
  else writer.integer(Math.round(value));
}

/** Hands out each request of a frame. Throws `QUORATE_DECODE_FAILED`; what came before the mistake was handed out. */
export function readRequests(payload: Uint8Array, onRequest: (request: WireRequest) => void): void {
  const reader = new WireReader(payload);
  for (let left = reader.arrayLength("requests"); left > 0; left -= 1) onRequest(readRequest(reader));
  reader.end();
}

function readRequest(reader: WireReader): WireRequest {
  const count = reader.arrayLength("request");
  const id = reader.unsigned("id");
  const kind = reader.unsigned("kind");
  const type = typeByKind.get(kind);
  if (type === undefined) throw notUnderstood(`a request of kind ${kind}`);
  if (type === "read" && count === conditionalRead) {
    return { id, call: { ...readRead(reader), conditions: readConditions(reader) } };
  }
  if (count !== elements[type]) throw notUnderstood(`a request of kind ${kind} with ${count} elements`);
  return { id, call: readCall(type, reader) };
}

function readCall(type: WireCall["type"], reader: WireReader): WireCall {
  switch (type) {
    case "sessionWrite": {
      const session = reader.unsigned("session");
      const sequence = reader.unsigned("sequence");
      const acknowledgedBelow = reader.unsigned("acknowledgedBelow");
      if (session < 1 || sequence < 1 || acknowledgedBelow < 1 || acknowledgedBelow > sequence) {
        throw notUnderstood(`session ${session}, sequence ${sequence}, acknowledgedBelow ${acknowledgedBelow}`);
      }
      return { type, session, sequence, acknowledgedBelow, command: reader.bytes("command") };
    }
    case "write":
      return { type, command: reader.bytes("command") };
    case "read":
      return readRead(reader);
    case "watch":
      return { type, minIndex: reader.unsigned("minIndex"), query: reader.bytes("query") };
    case "keepAlive": {
      const session = positive(reader, "session");
      return { type, session, acknowledgedBelow: positive(reader, "acknowledgedBelow") };
    }
    case "closeSession":
      return { type, session: positive(reader, "session") };
    case "transfer":
      return { type, to: reader.skipNil() ? undefined : reader.text("to", maxIdBytes) };
    case "cancel":
    case "openSession":
    case "status":
      return { type };
  }
}

function readRead(reader: WireReader): Extract<WireCall, { type: "read" }> {
  const consistency = consistencies[reader.unsigned("consistency")];
  if (consistency === undefined) throw notUnderstood("an unknown consistency");
  const maxAgeMs = reader.skipNil() ? undefined : reader.unsigned("maxAgeMs");
  return { type: "read", consistency, maxAgeMs, query: reader.bytes("query") };
}

function readConditions(reader: WireReader): ReadConditions {
  const minIndex = reader.unsigned("minIndex");
  const forward = reader.boolean("forward");
  return { minIndex, forward, maxWaitMs: reader.skipNil() ? undefined : positive(reader, "maxWaitMs") };
}

function positive(reader: WireReader, field: string): number {
  const value = reader.unsigned(field);
  if (value === 0) throw notUnderstood(`${field} is 0`);
  return value;
}
