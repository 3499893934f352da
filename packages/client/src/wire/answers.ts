// What a server answers: the messages in a frame of answers. Each is an array that begins with the request's id and the
// number of the kind. Every request but a cancel is answered once, a watch any number of times until it ends with an error.

import type { Outcome } from "@quorate/contracts";
import { consistencies, type WireConsistency } from "./requests.ts";
import { notUnderstood } from "./refusal.ts";
import { WireReader } from "./reader.ts";
import type { WireWriter } from "./writer.ts";

/** What an error is about, and so what the client should do: give up, ask another node, or wait. */
export type ErrorScope = "request" | "node" | "load";

/** An error on the wire. */
export type WireError = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
  /** `none`: it has not taken effect and never will. */
  readonly outcome: Outcome;
  readonly scope: ErrorScope;
  /** Facts for programs: the text of a JSON object. */
  readonly details: string;
};

/** One answer. */
export type WireAnswer =
  /** `[id, 1, index, term, consistency, replayed, bytes]` */
  | {
      readonly type: "done";
      readonly index: number;
      readonly term: number;
      /** The level at which a read was really answered; of a write always linearizable. */
      readonly consistency: WireConsistency;
      /** True if this is the first answer to a write that was repeated. */
      readonly replayed: boolean;
      readonly bytes: Uint8Array;
    }
  /** `[id, 2, code, message, hint, retryable, unknown, scope, details]` with scope 0 request, 1 node, 2 load */
  | { readonly type: "failed"; readonly error: WireError }
  /** `[id, 3, leaderId, address]`: ask the leader there. */
  | { readonly type: "redirected"; readonly leaderId: string; readonly address: string }
  /** `[id, 4, index, bytes]`: what is watched, as of that index. */
  | { readonly type: "event"; readonly index: number; readonly bytes: Uint8Array };

const scopes: readonly ErrorScope[] = ["request", "node", "load"];
const maxTextBytes = 64 * 1024;
const maxAddressBytes = 512;
// A failed compare-and-set tells the value that it found.
const maxDetailsBytes = 3 * 1024 * 1024;

/** Writes one answer. */
export function writeAnswer(writer: WireWriter, id: number, answer: WireAnswer): void {
  switch (answer.type) {
    case "done":
      begin(writer, { elements: 7, id, kind: 1 });
      writer.integer(answer.index);
      writer.integer(answer.term);
      writer.integer(consistencies.indexOf(answer.consistency));
      writer.boolean(answer.replayed);
      writer.bytes(answer.bytes);
      return;
    case "failed": {
      const { code, message, hint, retryable, outcome, scope, details } = answer.error;
      begin(writer, { elements: 9, id, kind: 2 });
      writer.text(code);
      writer.text(message);
      writer.text(hint);
      writer.boolean(retryable);
      writer.boolean(outcome === "unknown");
      writer.integer(scopes.indexOf(scope));
      writer.text(details);
      return;
    }
    case "redirected":
      begin(writer, { elements: 4, id, kind: 3 });
      writer.text(answer.leaderId);
      writer.text(answer.address);
      return;
    case "event":
      begin(writer, { elements: 4, id, kind: 4 });
      writer.integer(answer.index);
      writer.bytes(answer.bytes);
      return;
  }
}

/** Hands out each answer of a frame. Throws `QUORATE_DECODE_FAILED`; what came before the mistake was handed out. */
export function readAnswers(payload: Uint8Array, onAnswer: (id: number, answer: WireAnswer) => void): void {
  const reader = new WireReader(payload);
  for (let left = reader.arrayLength("answers"); left > 0; left -= 1) {
    const count = reader.arrayLength("answer");
    const id = reader.unsigned("id");
    onAnswer(id, readAnswer(reader, count));
  }
  reader.end();
}

function begin(
  writer: WireWriter,
  start: { readonly elements: number; readonly id: number; readonly kind: number },
): void {
  writer.array(start.elements);
  writer.integer(start.id);
  writer.integer(start.kind);
}

function readAnswer(reader: WireReader, count: number): WireAnswer {
  const kind = reader.unsigned("kind");
  if (kind === 1 && count === 7) {
    const index = reader.unsigned("index");
    const term = reader.unsigned("term");
    const consistency = consistencies[reader.unsigned("consistency")];
    if (consistency === undefined) throw notUnderstood("an unknown consistency");
    return {
      type: "done",
      index,
      term,
      consistency,
      replayed: reader.boolean("replayed"),
      bytes: reader.bytes("answer"),
    };
  }
  if (kind === 2 && count === 9) return { type: "failed", error: readError(reader) };
  if (kind === 3 && count === 4) {
    const leaderId = reader.text("leaderId", maxAddressBytes);
    return { type: "redirected", leaderId, address: reader.text("address", maxAddressBytes) };
  }
  if (kind === 4 && count === 4) {
    return { type: "event", index: reader.unsigned("index"), bytes: reader.bytes("event") };
  }
  throw notUnderstood(`an answer of kind ${kind} with ${count} elements`);
}

function readError(reader: WireReader): WireError {
  const code = reader.text("code", maxTextBytes);
  const message = reader.text("message", maxTextBytes);
  const hint = reader.text("hint", maxTextBytes);
  const retryable = reader.boolean("retryable");
  const outcome = reader.boolean("unknown") ? "unknown" : "none";
  const scope = scopes[reader.unsigned("scope")];
  if (scope === undefined) throw notUnderstood("an unknown scope");
  return { code, message, hint, retryable, outcome, scope, details: reader.text("details", maxDetailsBytes) };
}
