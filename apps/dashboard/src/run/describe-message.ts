// Messages between nodes in one line each, with the names that the core gives them.

import type { Message } from "@quorate/contracts";
import type { Line } from "./report.ts";

/** Who says what to whom. */
export function describeMessage(message: Message): Line {
  const kind = message.type === "heartbeatRequest" || message.type === "heartbeatResponse" ? "heartbeat" : "message";
  return { kind, text: `${message.from} → ${message.to}: ${whatItSays(message)}` };
}

function whatItSays(message: Message): string {
  const { term } = message;
  switch (message.type) {
    case "preVoteRequest":
      return `preVoteRequest for term ${message.campaignTerm}, log ends at ${place(message.lastLogIndex, message.lastLogTerm)}`;
    case "preVoteResponse":
      return `preVoteResponse for term ${message.campaignTerm}: ${verdict(message)}`;
    case "voteRequest":
      return `voteRequest in term ${term}, log ends at ${place(message.lastLogIndex, message.lastLogTerm)}`;
    case "voteResponse":
      return `voteResponse in term ${term}: ${verdict(message)}`;
    case "appendRequest":
      return `appendRequest in term ${term}: ${entriesOf(message)} after ${place(message.prevLogIndex, message.prevLogTerm)}, committed ${message.leaderCommit}`;
    case "appendResponse":
      return message.accepted
        ? `appendResponse in term ${term}: has everything up to ${message.matchIndex}`
        : `appendResponse in term ${term}: does not have ${message.prevLogIndex}, try ${place(message.hintIndex, message.hintTerm)}`;
    case "heartbeatRequest":
      return `heartbeatRequest in term ${term}, committed ${message.commitIndex}`;
    case "heartbeatResponse":
      return `heartbeatResponse in term ${term}`;
    case "timeoutNow":
      return `timeoutNow in term ${term}: start an election at once`;
    case "snapshotRequest":
      return `snapshotRequest in term ${term}: up to ${place(message.lastIncludedIndex, message.lastIncludedTerm)}, ${message.data.byteLength} bytes from ${message.offsetBytes} of ${message.sizeBytes}`;
    case "snapshotResponse":
      return `snapshotResponse in term ${term}: ${message.receivedBytes} bytes of the one up to ${message.lastIncludedIndex}`;
    case "readIndexRequest":
      return `readIndexRequest ${message.requestId} in term ${term}`;
    case "readIndexResponse":
      return `readIndexResponse ${message.requestId} in term ${term}: ${message.index === undefined ? "cannot say" : `index ${message.index}`}`;
  }
}

/** A position in the log as index and term. */
function place(index: number, term: number): string {
  return index === 0 ? "the beginning" : `${index} of term ${term}`;
}

function verdict({ granted, reason }: { readonly granted: boolean; readonly reason?: string }): string {
  return granted ? "yes" : `no${reason === undefined ? "" : ` (${reason})`}`;
}

function entriesOf({ entries }: Extract<Message, { readonly type: "appendRequest" }>): string {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return "nothing";
  return first === last ? `entry ${first.index}` : `entries ${first.index} to ${last.index}`;
}
