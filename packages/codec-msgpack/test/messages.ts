// One message of every shape, by the name of its golden file. Their bytes are promised to every later version.

import type { Envelope } from "@quorate/contracts";

const header = { from: "n1", to: "n2", term: 7 } as const;

const entries = [
  { index: 42, term: 6, kind: "command", data: Uint8Array.of(1, 2, 3) },
  { index: 43, term: 7, kind: "empty", data: new Uint8Array(0) },
  { index: 44, term: 7, kind: "configuration", data: new TextEncoder().encode('{"voters":["n1"]}') },
] as const;

const messages: Readonly<Record<string, Envelope["message"]>> = {
  "pre-vote-request": { type: "preVoteRequest", ...header, campaignTerm: 8, lastLogIndex: 41, lastLogTerm: 6 },
  "pre-vote-granted": { type: "preVoteResponse", ...header, campaignTerm: 8, granted: true },
  "pre-vote-refused": { type: "preVoteResponse", ...header, campaignTerm: 8, granted: false, reason: "hearsLeader" },
  "vote-request": { type: "voteRequest", ...header, lastLogIndex: 41, lastLogTerm: 6, isTransfer: false },
  "vote-request-transfer": { type: "voteRequest", ...header, lastLogIndex: 41, lastLogTerm: 6, isTransfer: true },
  "vote-granted": { type: "voteResponse", ...header, granted: true },
  "vote-refused-older-term": { type: "voteResponse", ...header, granted: false, reason: "olderTerm" },
  "vote-refused-log-behind": { type: "voteResponse", ...header, granted: false, reason: "logBehind" },
  "vote-refused-already-voted": { type: "voteResponse", ...header, granted: false, reason: "alreadyVoted" },
  "append-request": { type: "appendRequest", ...header, prevLogIndex: 41, prevLogTerm: 6, entries, leaderCommit: 40 },
  "append-request-empty": {
    type: "appendRequest",
    ...header,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
  },
  "append-accepted": { type: "appendResponse", ...header, accepted: true, matchIndex: 44 },
  "append-rejected": {
    type: "appendResponse",
    ...header,
    accepted: false,
    prevLogIndex: 41,
    hintIndex: 17,
    hintTerm: 3,
  },
  "heartbeat-request": { type: "heartbeatRequest", ...header, commitIndex: 40, round: 12 },
  "heartbeat-response": { type: "heartbeatResponse", ...header, round: 12 },
  "snapshot-request": {
    type: "snapshotRequest",
    ...header,
    lastIncludedIndex: 41,
    lastIncludedTerm: 6,
    configuration: new TextEncoder().encode('{"voters":["n1"],"learners":[]}'),
    sizeBytes: 70_000,
    checksum: 0xdeadbeef,
    offsetBytes: 65_536,
    data: Uint8Array.of(4, 5, 6),
  },
  "snapshot-response": { type: "snapshotResponse", ...header, lastIncludedIndex: 41, receivedBytes: 65_539 },
  "timeout-now": { type: "timeoutNow", ...header },
  "read-index-request": { type: "readIndexRequest", ...header, requestId: 70_000 },
  "read-index-answered": { type: "readIndexResponse", ...header, requestId: 70_000, index: 41 },
  "read-index-refused": { type: "readIndexResponse", ...header, requestId: 70_000 },
  "largest-numbers": {
    type: "heartbeatRequest",
    from: "n1",
    to: "n2",
    term: Number.MAX_SAFE_INTEGER,
    commitIndex: 2 ** 32,
    round: 2 ** 32 - 1,
  },
};

/** The envelopes whose bytes are in test/golden, by file name without its ending. */
export const goldenEnvelopes: readonly (readonly [string, Envelope])[] = Object.entries(messages).map(
  ([name, message]) => [name, { clusterId: "cluster-1", groupId: 0, incarnation: "0a1b2c3d", message }],
);
