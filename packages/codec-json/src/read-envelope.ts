// From parsed JSON to an envelope, believing nothing: every field is there, of its type and within its range, and a list
// of entries is what an append request promises. The compiler demands one reader per message type, and every field.

import type { Envelope } from "@quorate/contracts";
import { ObjectReader } from "./object-reader.ts";

type Message = Envelope["message"];
type MessageOf<Type extends Message["type"]> = Extract<Message, { type: Type }>;
type Entry = MessageOf<"appendRequest">["entries"][number];
type VoteRefusal = NonNullable<MessageOf<"voteResponse">["reason"]>;
type Header = Pick<Message, "from" | "to" | "term">;
/** What a message type adds to the header; for each variant of the type by itself. */
type BodyOf<Variant> = Variant extends Message ? Omit<Variant, "type" | keyof Header> : never;

const kinds: readonly Entry["kind"][] = ["empty", "command", "configuration"];
const refusals: readonly VoteRefusal[] = ["olderTerm", "logBehind", "alreadyVoted", "hearsLeader"];

const bodies: { readonly [Type in Message["type"]]: (fields: ObjectReader) => BodyOf<MessageOf<Type>> } = {
  preVoteRequest: (fields) => ({ campaignTerm: fields.integer("campaignTerm"), ...readLastEntry(fields) }),
  preVoteResponse: (fields) => ({ campaignTerm: fields.integer("campaignTerm"), ...readVote(fields) }),
  voteRequest: (fields) => ({ ...readLastEntry(fields), isTransfer: fields.boolean("isTransfer") }),
  voteResponse: readVote,
  appendRequest: readAppend,
  appendResponse: (fields) =>
    fields.boolean("accepted")
      ? { accepted: true, matchIndex: fields.integer("matchIndex") }
      : {
          accepted: false,
          prevLogIndex: fields.integer("prevLogIndex"),
          hintIndex: fields.integer("hintIndex"),
          hintTerm: fields.integer("hintTerm"),
        },
  heartbeatRequest: (fields) => ({ commitIndex: fields.integer("commitIndex"), round: fields.integer("round") }),
  heartbeatResponse: (fields) => ({ round: fields.integer("round") }),
  timeoutNow: () => ({}),
  snapshotRequest: (fields) => ({
    lastIncludedIndex: fields.integer("lastIncludedIndex"),
    lastIncludedTerm: fields.integer("lastIncludedTerm"),
    configuration: fields.bytes("configuration"),
    sizeBytes: fields.integer("sizeBytes"),
    checksum: fields.integer("checksum"),
    offsetBytes: fields.integer("offsetBytes"),
    data: fields.bytes("data"),
  }),
  snapshotResponse: (fields) => ({
    lastIncludedIndex: fields.integer("lastIncludedIndex"),
    receivedBytes: fields.integer("receivedBytes"),
  }),
  readIndexRequest: (fields) => ({ requestId: fields.integer("requestId") }),
  readIndexResponse: (fields) => {
    const index = fields.integerIfAny("index");
    return { requestId: fields.integer("requestId"), ...(index !== undefined && { index }) };
  },
};

// The keys of the record above are the message types; Object.keys widens them to string.
const types = Object.keys(bodies) as readonly Message["type"][];

/**
 * Reads a parsed object as an envelope.
 *
 * @throws QuorateError `QUORATE_DECODE_FAILED` naming the first field that is wrong.
 */
export function readEnvelope(parsed: unknown, knownVersion: number): Envelope {
  const fields = new ObjectReader(parsed);
  const version = fields.integer("v");
  if (version !== knownVersion) throw fields.refuse("v", `is ${version}, but only version ${knownVersion} is known`);
  return {
    clusterId: fields.name("clusterId"),
    groupId: fields.integer("groupId"),
    incarnation: fields.name("incarnation"),
    message: readMessage(fields.object("message")),
  };
}

function readMessage(fields: ObjectReader): Message {
  const type = fields.word("type", types);
  const header: Header = { from: fields.name("from"), to: fields.name("to"), term: fields.integer("term") };
  // The table gives each type its own body; the compiler does not follow the type through the look-up.
  return { type, ...header, ...bodies[type](fields) } as Message;
}

function readLastEntry(fields: ObjectReader): { lastLogIndex: number; lastLogTerm: number } {
  return { lastLogIndex: fields.integer("lastLogIndex"), lastLogTerm: fields.integer("lastLogTerm") };
}

function readVote(fields: ObjectReader): { granted: boolean; reason?: VoteRefusal } {
  const granted = fields.boolean("granted");
  const reason = fields.wordIfAny("reason", refusals);
  if (reason === undefined) return { granted };
  if (granted) throw fields.refuse("reason", "refuses a vote that is granted");
  return { granted, reason };
}

function readAppend(fields: ObjectReader): BodyOf<MessageOf<"appendRequest">> {
  const prevLogIndex = fields.integer("prevLogIndex");
  const prevLogTerm = fields.integer("prevLogTerm");
  let lastTerm = prevLogTerm;
  const entries = fields.objects("entries").map((element, position): Entry => {
    const entry = readEntry(element);
    const expectedIndex = prevLogIndex + 1 + position;
    if (entry.index !== expectedIndex) throw element.refuse("index", `is ${entry.index}, ${expectedIndex} must follow`);
    if (entry.term < lastTerm) throw element.refuse("term", `is ${entry.term} after term ${lastTerm}`);
    lastTerm = entry.term;
    return entry;
  });
  return { prevLogIndex, prevLogTerm, entries, leaderCommit: fields.integer("leaderCommit") };
}

function readEntry(fields: ObjectReader): Entry {
  const index = fields.integer("index");
  const term = fields.integer("term");
  const kind = fields.word("kind", kinds);
  const data = fields.bytes("data");
  if (kind === "empty" && data.length > 0) throw fields.refuse("data", "is not empty in an empty entry");
  return { index, term, kind, data };
}
