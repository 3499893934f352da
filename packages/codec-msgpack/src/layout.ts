// What the numbers on the wire stand for. Numbers are given once and never reused; new ones are added at the end.
//
// Envelope: [clusterId, groupId, incarnation, message type, from, to, term, …the message's own fields in order of the
// tables in write-envelope.ts]. A later minor version may add elements at the end of any array; readers skip them.

import type { Envelope } from "@quorate/contracts";

/** A message between servers, as the envelope carries it. */
export type Message = Envelope["message"];
/** One entry of an append request. */
export type Entry = Extract<Message, { type: "appendRequest" }>["entries"][number];
/** Why a vote was refused. */
export type VoteRefusal = NonNullable<Extract<Message, { type: "voteResponse" }>["reason"]>;

/** The number of each message type. */
export const messageNumbers: Readonly<Record<Message["type"], number>> = {
  preVoteRequest: 1,
  preVoteResponse: 2,
  voteRequest: 3,
  voteResponse: 4,
  appendRequest: 5,
  appendResponse: 6,
  heartbeatRequest: 7,
  heartbeatResponse: 8,
  timeoutNow: 9,
  snapshotRequest: 10,
  snapshotResponse: 11,
  readIndexRequest: 12,
  readIndexResponse: 13,
};

/** The number of each entry kind. */
export const kindNumbers: Readonly<Record<Entry["kind"], number>> = {
  empty: 0,
  command: 1,
  configuration: 2,
};

/** The number of each refusal; nil on the wire means that no reason was given. */
export const refusalNumbers: Readonly<Record<VoteRefusal, number>> = {
  olderTerm: 1,
  logBehind: 2,
  alreadyVoted: 3,
  hearsLeader: 4,
};

/** Number back to name. */
export const messageTypes: ReadonlyMap<number, Message["type"]> = inverse(messageNumbers);
export const entryKinds: ReadonlyMap<number, Entry["kind"]> = inverse(kindNumbers);
export const refusals: ReadonlyMap<number, VoteRefusal> = inverse(refusalNumbers);

function inverse<Name extends string>(numbers: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  // The keys of a literal record are its type's names; Object.entries widens them to string.
  return new Map(Object.entries<number>(numbers).map(([name, number]) => [number, name as Name]));
}
