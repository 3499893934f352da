// Messages, events and entries in the words of the stories.

import { decodeConfiguration, type Configuration, type Entry, type Message, type RaftEvent } from "../../src/index.ts";
import { text } from "./lone-server.ts";

/** A message as one says it aloud. */
export function sayMessage(message: Message): string {
  switch (message.type) {
    case "preVoteRequest":
      return `would you vote for me in term ${message.campaignTerm}? My log ends at ${log(message)}`;
    case "preVoteResponse":
      return message.granted ? `I would, in term ${message.campaignTerm}` : `I would not: ${message.reason ?? "?"}`;
    case "voteRequest":
      return `vote for me in term ${message.term}${message.isTransfer ? ", the leader wants it" : ""}. My log ends at ${log(message)}`;
    case "voteResponse":
      return message.granted
        ? `you have my vote in term ${message.term}`
        : `no vote: ${message.reason ?? "?"}, I am in term ${message.term}`;
    case "appendRequest": {
      const after = `after ${message.prevLogIndex}:${message.prevLogTerm}`;
      const what =
        message.entries.length === 0
          ? `do we agree ${after}`
          : `${after} comes ${message.entries.map(sayEntry).join(", ")}`;
      return `${what} (term ${message.term}, committed ${message.leaderCommit})`;
    }
    case "appendResponse":
      return message.accepted
        ? `I have everything up to ${message.matchIndex} (term ${message.term})`
        : `not after ${message.prevLogIndex}, perhaps after ${message.hintIndex}:${message.hintTerm} (term ${message.term})`;
    case "heartbeatRequest":
      return `I lead term ${message.term}, round ${message.round}, committed ${message.commitIndex}`;
    case "heartbeatResponse":
      return `I am in term ${message.term}, round ${message.round}`;
    case "timeoutNow":
      return `campaign now (term ${message.term})`;
    case "snapshotRequest":
      return `snapshot up to ${message.lastIncludedIndex}:${message.lastIncludedTerm} (term ${message.term})`;
    default:
      return sayOther(message);
  }
}

function log({ lastLogIndex, lastLogTerm }: { readonly lastLogIndex: number; readonly lastLogTerm: number }): string {
  return `${lastLogIndex}:${lastLogTerm}`;
}

/** An event, as a sentence whose subject is the server. */
export function sayEvent(event: RaftEvent): string {
  switch (event.type) {
    case "roleChanged":
      return `becomes ${event.role} (term ${event.term})`;
    case "termChanged":
      return `moves from term ${event.previousTerm} to ${event.term}`;
    case "leaderChanged":
      return event.leaderId === undefined
        ? "knows no leader"
        : `knows ${event.leaderId} as leader of term ${event.term}`;
    case "electionStarted":
      return event.preVote ? `asks whether it would win term ${event.term}` : `campaigns for term ${event.term}`;
    case "voteGranted":
      return `${event.preVote ? "would vote" : "votes"} for ${event.to} in term ${event.term}`;
    case "voteRefused":
      return `${event.preVote ? "would not vote" : "does not vote"} for ${event.to} in term ${event.term}: ${event.reason}`;
    case "voteReceived":
      return `counts ${event.granted ? "a yes" : `a no (${event.reason ?? "?"})`} of ${event.from} for term ${event.term}`;
    case "electionWon":
      return `wins term ${event.term} with ${event.votes.join(", ")}`;
    case "steppedDown":
      return `steps down: ${event.reason}`;
    case "configurationChanged":
      return `uses ${sayConfiguration(event.configuration)} from ${event.index}`;
    case "commitAdvanced":
      return `knows that ${event.commitIndex} is committed`;
    case "entriesTruncated":
      return `cuts ${event.fromIndex} to ${event.lastIndex} for ${event.leaderId}`;
    case "appendRefused":
      return `has ${event.ownTerm === undefined ? "nothing" : `term ${event.ownTerm}`} at ${event.prevLogIndex}, not term ${event.prevLogTerm}`;
    case "transferStarted":
      return `begins to hand over to ${event.to}`;
    case "transferAborted":
      return `gives up handing over to ${event.to}`;
    case "peerBehindLog":
      return `cannot serve ${event.peer}: it needs ${event.nextIndex}, the log begins at ${event.firstIndex}`;
    case "snapshotInstalled":
      return `installs the snapshot up to ${event.index}:${event.term}`;
    case "messageIgnored":
      return `ignores ${event.messageType} of ${event.from}: ${event.reason}`;
    default:
      return sayOther(event);
  }
}

/** Anything else: its type and its fields. */
function sayOther({ type, ...fields }: { readonly type: string }): string {
  const told = Object.entries(fields).filter(([name]) => name !== "from" && name !== "to");
  return [type, ...told.map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join(" ");
}

/** An entry by its place and content. */
export function sayEntry(entry: Entry): string {
  const configuration = entry.kind === "configuration" ? decodeConfiguration(entry) : undefined;
  const content = configuration === undefined ? text(entry) : `{${sayConfiguration(configuration)}}`;
  return `${entry.index}:${entry.term} ${content}`;
}

function sayConfiguration({ voters, learners, outgoing }: Configuration): string {
  const joint = outgoing === undefined ? "" : ` with ${outgoing.join(" ")} on the way out`;
  return `voters ${voters.join(" ")}${joint}${learners.length === 0 ? "" : `, learners ${learners.join(" ")}`}`;
}
