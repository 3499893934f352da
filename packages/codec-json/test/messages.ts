// One message of every shape, by the name of its golden file. Their text is promised to every later version.

import type { Envelope } from "@quorate/contracts";

const header = { from: "n1", to: "n2", term: 7 } as const;

const messages: Readonly<Record<string, Envelope["message"]>> = {
  "pre-vote-request": { type: "preVoteRequest", ...header, campaignTerm: 8, lastLogIndex: 41, lastLogTerm: 6 },
  "pre-vote-granted": { type: "preVoteResponse", ...header, campaignTerm: 8, granted: true },
  "pre-vote-refused": { type: "preVoteResponse", ...header, campaignTerm: 8, granted: false, reason: "hearsLeader" },
  "vote-request": { type: "voteRequest", ...header, lastLogIndex: 41, lastLogTerm: 6, isTransfer: true },
  "vote-granted": { type: "voteResponse", ...header, granted: true },
  "vote-refused": { type: "voteResponse", ...header, granted: false, reason: "logBehind" },
  "append-request": {
    type: "appendRequest",
    ...header,
    prevLogIndex: 41,
    prevLogTerm: 6,
    entries: [
      { index: 42, term: 6, kind: "command", data: Uint8Array.of(0, 1, 250, 255) },
      { index: 43, term: 7, kind: "empty", data: new Uint8Array(0) },
      { index: 44, term: 7, kind: "configuration", data: new TextEncoder().encode('{"voters":["n1"]}') },
    ],
    leaderCommit: 40,
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
  "timeout-now": { type: "timeoutNow", ...header },
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
  "foreign-names": { type: "timeoutNow", from: '节点 "1"', to: "n\u{1f980}\\\n", term: Number.MAX_SAFE_INTEGER },
  "read-index-request": { type: "readIndexRequest", ...header, requestId: 70_000 },
  "read-index-answered": { type: "readIndexResponse", ...header, requestId: 70_000, index: 41 },
  "read-index-refused": { type: "readIndexResponse", ...header, requestId: 70_000 },
};

/** The envelopes whose text is in test/golden, by file name without its ending. */
export const goldenEnvelopes: readonly (readonly [string, Envelope])[] = Object.entries(messages).map(
  ([name, message]) => [name, { clusterId: "cluster-1", groupId: 0, incarnation: "0a1b2c3d", message }],
);

/** The text of one golden envelope, as an object to be changed. */
export function looseEnvelope(name: string): { message: Record<string, unknown> } & Record<string, unknown> {
  const envelope = goldenEnvelopes.find(([known]) => known === name)?.[1];
  if (envelope === undefined) throw new Error(`no golden envelope ${name}`);
  const { message, ...rest } = envelope;
  return { v: 1, ...rest, message: { ...message } };
}
