// From decoded MessagePack to an envelope, believing nothing: every field is there, of its type and within its range, and
// a list of entries is what an append request promises. Mirrors the order of fields in write-envelope.ts.

import type { Envelope } from "@quorate/contracts";
import { FieldReader } from "./field-reader.ts";
import { type Entry, entryKinds, type Message, messageTypes, refusals, type VoteRefusal } from "./layout.ts";
import { decodeFailed } from "./refusal.ts";

/**
 * Reads a decoded array as an envelope. Elements after the known ones are skipped: a newer minor version may add some.
 *
 * @throws QuorateError `QUORATE_DECODE_FAILED` naming the first field that is wrong.
 */
export function readEnvelope(decoded: unknown): Envelope {
  const fields = new FieldReader(decoded);
  const clusterId = fields.text("clusterId");
  const groupId = fields.integer("groupId");
  const incarnation = fields.text("incarnation");
  const type = fields.named("type", messageTypes);
  const header = { from: fields.text("from"), to: fields.text("to"), term: fields.integer("term") };
  return { clusterId, groupId, incarnation, message: readMessage(fields, { type, header }) };
}

type Header = Pick<Message, "from" | "to" | "term">;

function readMessage(fields: FieldReader, known: { readonly type: Message["type"]; readonly header: Header }): Message {
  const { type, header } = known;
  switch (type) {
    case "preVoteRequest":
      return {
        type,
        ...header,
        campaignTerm: fields.integer("campaignTerm"),
        lastLogIndex: fields.integer("lastLogIndex"),
        lastLogTerm: fields.integer("lastLogTerm"),
      };
    case "preVoteResponse":
      return { type, ...header, campaignTerm: fields.integer("campaignTerm"), ...readVote(fields) };
    case "voteRequest":
      return {
        type,
        ...header,
        lastLogIndex: fields.integer("lastLogIndex"),
        lastLogTerm: fields.integer("lastLogTerm"),
        isTransfer: fields.boolean("isTransfer"),
      };
    case "voteResponse":
      return { type, ...header, ...readVote(fields) };
    case "appendRequest": {
      const prevLogIndex = fields.integer("prevLogIndex");
      const prevLogTerm = fields.integer("prevLogTerm");
      const leaderCommit = fields.integer("leaderCommit");
      const entries = readEntries(fields.array("entries"), { index: prevLogIndex, term: prevLogTerm });
      return { type, ...header, prevLogIndex, prevLogTerm, entries, leaderCommit };
    }
    case "appendResponse":
      if (fields.boolean("accepted")) {
        return { type, ...header, accepted: true, matchIndex: fields.integer("matchIndex") };
      }
      return {
        type,
        ...header,
        accepted: false,
        prevLogIndex: fields.integer("prevLogIndex"),
        hintIndex: fields.integer("hintIndex"),
        hintTerm: fields.integer("hintTerm"),
      };
    case "heartbeatRequest":
      return { type, ...header, commitIndex: fields.integer("commitIndex"), round: fields.integer("round") };
    case "heartbeatResponse":
      return { type, ...header, round: fields.integer("round") };
    case "timeoutNow":
      return { type, ...header };
    case "snapshotRequest":
      return { type, ...header, ...readChunk(fields) };
    case "snapshotResponse":
      return {
        type,
        ...header,
        lastIncludedIndex: fields.integer("lastIncludedIndex"),
        receivedBytes: fields.integer("receivedBytes"),
      };
    case "readIndexRequest":
      return { type, ...header, requestId: fields.integer("requestId") };
    case "readIndexResponse": {
      const requestId = fields.integer("requestId");
      const index = fields.integerOrNil("index");
      return { type, ...header, requestId, ...(index !== undefined && { index }) };
    }
    default:
      return unknownType(type);
  }
}

function unknownType(type: never): never {
  throw decodeFailed(`message type ${String(type)} is not known`, { field: "type" });
}

function readChunk(fields: FieldReader): Omit<Extract<Message, { type: "snapshotRequest" }>, "type" | keyof Header> {
  return {
    lastIncludedIndex: fields.integer("lastIncludedIndex"),
    lastIncludedTerm: fields.integer("lastIncludedTerm"),
    configuration: fields.bytes("configuration"),
    sizeBytes: fields.integer("sizeBytes"),
    checksum: fields.integer("checksum"),
    offsetBytes: fields.integer("offsetBytes"),
    data: fields.bytes("data"),
  };
}

function readVote(fields: FieldReader): { granted: boolean; reason?: VoteRefusal } {
  const granted = fields.boolean("granted");
  const reason = fields.namedOrNil("reason", refusals);
  if (reason === undefined) return { granted };
  if (granted) throw decodeFailed("a granted vote that gives a reason for refusal", { field: "reason" });
  return { granted, reason };
}

function readEntries(
  list: readonly unknown[],
  previous: { readonly index: number; readonly term: number },
): readonly Entry[] {
  let lastTerm = previous.term;
  return list.map((element, position) => {
    const entry = readEntry(element, position);
    const expectedIndex = previous.index + 1 + position;
    if (entry.index !== expectedIndex) {
      throw decodeFailed(`index ${entry.index} where ${expectedIndex} must follow`, { field: `entries[${position}]` });
    }
    if (entry.term < lastTerm) {
      throw decodeFailed(`term ${entry.term} after term ${lastTerm}`, { field: `entries[${position}]` });
    }
    lastTerm = entry.term;
    return entry;
  });
}

function readEntry(element: unknown, position: number): Entry {
  const fields = new FieldReader(element, position);
  const index = fields.integer("index");
  const term = fields.integer("term");
  const kind = fields.named("kind", entryKinds);
  const data = fields.bytes("data");
  if (kind === "empty" && data.length > 0) {
    throw decodeFailed(`an empty entry that carries ${data.length} bytes`, { field: `entries[${position}]` });
  }
  return { index, term, kind, data };
}
