// Envelopes for the codec suite: one of every shape, random ones, and a judge that knows from the contract alone whether
// what a codec returned is well-formed.

import type { Entry, Message, VoteRefusal } from "@quorate/core";
import type { Envelope } from "../codec.ts";
import type { SeededRandom } from "./harness.ts";

const largest = Number.MAX_SAFE_INTEGER;
const refusals: readonly VoteRefusal[] = ["olderTerm", "logBehind", "alreadyVoted", "hearsLeader"];
const header = { from: "n1", to: "n2", term: 7 } as const;

/** One envelope of every message type and variant, and of the values at the edges of their ranges. */
export function sampleEnvelopes(): readonly Envelope[] {
  return sampleMessages().map((message) => ({ clusterId: "c-1", groupId: 0, incarnation: "i-1", message }));
}

function sampleMessages(): readonly Message[] {
  return [
    { type: "preVoteRequest", ...header, campaignTerm: 8, lastLogIndex: 41, lastLogTerm: 6 },
    { type: "preVoteResponse", ...header, campaignTerm: 8, granted: true },
    { type: "preVoteResponse", ...header, campaignTerm: 8, granted: false, reason: "hearsLeader" },
    { type: "voteRequest", ...header, lastLogIndex: 0, lastLogTerm: 0, isTransfer: false },
    { type: "voteRequest", ...header, lastLogIndex: 41, lastLogTerm: 6, isTransfer: true },
    { type: "voteResponse", ...header, granted: true },
    { type: "voteResponse", ...header, granted: false, reason: "olderTerm" },
    { type: "voteResponse", ...header, granted: false, reason: "logBehind" },
    { type: "voteResponse", ...header, granted: false, reason: "alreadyVoted" },
    { type: "appendRequest", ...header, prevLogIndex: 0, prevLogTerm: 0, entries: [], leaderCommit: 0 },
    { type: "appendRequest", ...header, prevLogIndex: 41, prevLogTerm: 6, entries: sampleEntries(), leaderCommit: 40 },
    { type: "appendResponse", ...header, accepted: true, matchIndex: 43 },
    { type: "appendResponse", ...header, accepted: false, prevLogIndex: 41, hintIndex: 17, hintTerm: 3 },
    { type: "heartbeatRequest", ...header, commitIndex: 40, round: 12 },
    { type: "heartbeatResponse", ...header, round: 12 },
    { type: "timeoutNow", ...header },
    {
      type: "snapshotRequest",
      ...header,
      lastIncludedIndex: 41,
      lastIncludedTerm: 6,
      configuration: Uint8Array.of(123, 125),
      sizeBytes: 2 ** 33,
      checksum: 2 ** 32 - 1,
      offsetBytes: 2 ** 32,
      data: Uint8Array.of(0, 128, 255),
    },
    { type: "snapshotResponse", ...header, lastIncludedIndex: 41, receivedBytes: 2 ** 32 },
    { type: "readIndexRequest", ...header, requestId: 2 ** 48 },
    { type: "readIndexResponse", ...header, requestId: 2 ** 48, index: 0 },
    { type: "readIndexResponse", ...header, requestId: 1 },
    { type: "heartbeatRequest", from: "节点一", to: "n\u{1f980}", term: largest, commitIndex: largest, round: 2 ** 32 },
  ];
}

function sampleEntries(): readonly Entry[] {
  return [
    { index: 42, term: 6, kind: "command", data: Uint8Array.from({ length: 300 }, (_value, index) => index % 256) },
    { index: 43, term: 7, kind: "empty", data: new Uint8Array(0) },
    { index: 44, term: 7, kind: "configuration", data: new TextEncoder().encode('{"voters":["n1","n2"]}') },
    { index: 45, term: 7, kind: "command", data: new Uint8Array(0) },
  ];
}

/** A random well-formed envelope; numbers and lengths lean towards the places where encodings change their form. */
export function randomEnvelope(random: SeededRandom): Envelope {
  return {
    clusterId: randomName(random),
    groupId: random.integer(0, 3),
    incarnation: randomName(random),
    message: randomMessage(random),
  };
}

function randomMessage(random: SeededRandom): Message {
  const number = () => randomNumber(random);
  const common = { from: randomName(random), to: randomName(random), term: number() };
  const vote = random.chance(0.5)
    ? ({ granted: true } as const)
    : ({ granted: false, reason: pick(random, refusals) } as const);
  const makers: readonly (() => Message)[] = [
    () => ({
      type: "preVoteRequest",
      ...common,
      campaignTerm: number(),
      lastLogIndex: number(),
      lastLogTerm: number(),
    }),
    () => ({ type: "preVoteResponse", ...common, campaignTerm: number(), ...vote }),
    () => ({
      type: "voteRequest",
      ...common,
      lastLogIndex: number(),
      lastLogTerm: number(),
      isTransfer: random.chance(0.5),
    }),
    () => ({ type: "timeoutNow", ...common }),
    () => ({
      type: "snapshotRequest",
      ...common,
      lastIncludedIndex: number(),
      lastIncludedTerm: number(),
      configuration: random.bytes(random.integer(0, 60)),
      sizeBytes: number(),
      checksum: number(),
      offsetBytes: number(),
      data: random.bytes(pick(random, [0, 1, 255, 256, 5_000])),
    }),
    () => ({ type: "snapshotResponse", ...common, lastIncludedIndex: number(), receivedBytes: number() }),
    () => ({ type: "voteResponse", ...common, ...vote }),
    () => ({ type: "readIndexRequest", ...common, requestId: number() }),
    () => ({ type: "readIndexResponse", ...common, requestId: number(), ...(vote.granted && { index: number() }) }),
    () => ({ type: "appendRequest", ...common, ...randomAppend(random), leaderCommit: number() }),
    () => ({ type: "appendResponse", ...common, accepted: true, matchIndex: number() }),
    () => ({
      type: "appendResponse",
      ...common,
      accepted: false,
      prevLogIndex: number(),
      hintIndex: number(),
      hintTerm: number(),
    }),
    () => ({ type: "heartbeatRequest", ...common, commitIndex: number(), round: number() }),
    () => ({ type: "heartbeatResponse", ...common, round: number() }),
  ];
  return pick(random, makers)();
}

function randomAppend(random: SeededRandom): {
  readonly prevLogIndex: number;
  readonly prevLogTerm: number;
  readonly entries: readonly Entry[];
} {
  const prevLogIndex = Math.min(randomNumber(random), largest - 100);
  const prevLogTerm = Math.min(randomNumber(random), largest - 100);
  let term = prevLogTerm;
  const entries = Array.from({ length: pick(random, [0, 1, 2, 15, 16, 17, 40]) }, (_value, position): Entry => {
    if (random.chance(0.2)) term += 1;
    const kind = pick(random, ["command", "empty", "configuration"] as const);
    const length = kind === "empty" ? 0 : pick(random, [0, 1, 31, 32, 200, 255, 256, 300]);
    return { index: prevLogIndex + 1 + position, term, kind, data: random.bytes(length) };
  });
  return { prevLogIndex, prevLogTerm, entries };
}

function randomName(random: SeededRandom): string {
  return pick(random, ["n", "ü", "中", "\u{1f980}"]).repeat(random.integer(1, 12)) + random.integer(0, 99);
}

function randomNumber(random: SeededRandom): number {
  const edge = pick(random, [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, largest]);
  return random.chance(0.5) ? edge : Math.floor(random.next() * edge);
}

function pick<Value>(random: SeededRandom, values: readonly Value[]): Value {
  const value = values[random.integer(0, values.length - 1)];
  if (value === undefined) throw new Error("Nothing to pick from");
  return value;
}

const numberFields: Readonly<Record<Message["type"], readonly string[]>> = {
  preVoteRequest: ["campaignTerm", "lastLogIndex", "lastLogTerm"],
  preVoteResponse: ["campaignTerm"],
  voteRequest: ["lastLogIndex", "lastLogTerm"],
  voteResponse: [],
  appendRequest: ["prevLogIndex", "prevLogTerm", "leaderCommit"],
  appendResponse: [],
  heartbeatRequest: ["commitIndex", "round"],
  heartbeatResponse: ["round"],
  timeoutNow: [],
  snapshotRequest: ["lastIncludedIndex", "lastIncludedTerm", "sizeBytes", "checksum", "offsetBytes"],
  snapshotResponse: ["lastIncludedIndex", "receivedBytes"],
  readIndexRequest: ["requestId"],
  readIndexResponse: ["requestId"],
};

/** Says what is not well-formed about an envelope that a codec returned; undefined if nothing is. */
export function findMalformed(envelope: Envelope): string | undefined {
  const facts: Readonly<Record<string, unknown>> = { ...envelope.message };
  const { message } = envelope;
  if (!(message.type in numberFields)) return "message type";
  const texts = [envelope.clusterId, envelope.incarnation, message.from, message.to];
  if (texts.some((text) => typeof text !== "string")) return "an id that is not text";
  if (!isCount(envelope.groupId) || !isCount(message.term)) return "group id or term";
  const wrongNumber = numberFields[message.type].find((field) => !isCount(facts[field]));
  if (wrongNumber !== undefined) return wrongNumber;
  if (message.type === "preVoteResponse" || message.type === "voteResponse") return findMalformedVote(message);
  if (message.type === "appendResponse") return findMalformedAnswer(facts);
  if (message.type === "snapshotRequest") return findMalformedChunk(message);
  if (message.type === "readIndexResponse" && message.index !== undefined && !isCount(message.index)) return "index";
  if (message.type === "voteRequest" && typeof message.isTransfer !== "boolean") return "isTransfer";
  return message.type === "appendRequest" ? findMalformedEntries(message) : undefined;
}

function findMalformedChunk({
  configuration,
  data,
}: Extract<Message, { type: "snapshotRequest" }>): string | undefined {
  return configuration instanceof Uint8Array && data instanceof Uint8Array ? undefined : "bytes of a snapshot";
}

function findMalformedVote(vote: { readonly granted: boolean; readonly reason?: VoteRefusal }): string | undefined {
  if (typeof vote.granted !== "boolean") return "granted";
  if (vote.reason === undefined) return undefined;
  return refusals.includes(vote.reason) && !vote.granted ? undefined : `reason ${vote.reason}`;
}

function findMalformedAnswer(facts: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof facts["accepted"] !== "boolean") return "accepted";
  const fields = facts["accepted"] ? ["matchIndex"] : ["prevLogIndex", "hintIndex", "hintTerm"];
  return fields.find((field) => !isCount(facts[field]));
}

function findMalformedEntries(append: Extract<Message, { type: "appendRequest" }>): string | undefined {
  let term = append.prevLogTerm;
  for (const [position, entry] of append.entries.entries()) {
    if (entry.index !== append.prevLogIndex + 1 + position) return `index of entry ${position}`;
    if (!isCount(entry.index) || !isCount(entry.term) || entry.term < term) return `term of entry ${position}`;
    if (!["empty", "command", "configuration"].includes(entry.kind)) return `kind of entry ${position}`;
    if (!(entry.data instanceof Uint8Array)) return `data of entry ${position}`;
    if (entry.kind === "empty" && entry.data.length > 0) return `data of empty entry ${position}`;
    term = entry.term;
  }
  return undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
