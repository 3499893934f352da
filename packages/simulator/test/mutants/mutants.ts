// Mistakes that implementations of Raft have made, as edits of the sources. The simulator must find each of them. An edit that
// no longer fits the source fails loudly: then the mistake must be written anew for the new source.
import type { FaultOptions } from "../../src/index.ts";
import { membershipMutants } from "./membership-mutants.ts";
import { stateMutants } from "./state-mutants.ts";

/** One replacement; `find` must occur exactly once in the file. */
export type Edit = {
  /** Default: core. */
  readonly package?: "core" | "node" | "client" | "simulator";
  /** In the package's `src`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

/** One mistake. */
export type Mutant = {
  /** Short and stable. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Found within few enough seeds for every test run. */
  readonly isFast?: boolean;
  /** Clients that repeat their commands through sessions; default: registers. */
  readonly workload?: "sessions";
  /** Nodes with this mistake may notice it themselves, and stop before a law is broken. */
  readonly isNoticed?: boolean;
  /** Where the seeds' own choice of faults would take too long to come to it. */
  readonly faults?: Partial<FaultOptions>;
};

/** Elections, replication, commitment, reads. */
const coreMutants: readonly Mutant[] = [
  {
    name: "votes without looking at the candidate's log",
    isFast: true,
    edits: [
      {
        file: "election.ts",
        find: 'return server.log.isAtMostAsUpToDateAs(candidateLog) ? undefined : "logBehind";',
        replace: "return undefined;",
      },
    ],
  },
  {
    name: "compares the length of logs, not the term of their last entry",
    edits: [
      {
        file: "log.ts",
        find: "if (candidate.term !== this.lastTerm) return candidate.term > this.lastTerm;",
        replace: "",
      },
    ],
  },
  {
    name: "votes only for longer logs, not for equal ones",
    isFast: true,
    edits: [
      {
        file: "log.ts",
        find: "return candidate.index >= this.#lastIndex;",
        replace: "return candidate.index > this.#lastIndex;",
      },
    ],
  },
  {
    name: "does not store the vote",
    isFast: true,
    edits: [
      {
        file: "server.ts",
        find: "this.durability.hardStateChanged({ term: this.term, votedFor: candidate });",
        replace: "",
      },
    ],
  },
  {
    name: "answers a vote request before the vote is stored",
    isFast: true,
    edits: [
      {
        file: "election.ts",
        find: `server.sendWhenDurable({
    type: "voteResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    granted: true,`,
        replace: `server.send({
    type: "voteResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    granted: true,`,
      },
    ],
  },
  {
    name: "keeps the vote of the last term in a new one",
    edits: [
      { file: "server.ts", find: "this.term = term;\n    this.votedFor = undefined;", replace: "this.term = term;" },
    ],
  },
  {
    name: "forgets the vote when it becomes a follower in the same term",
    edits: [
      {
        file: "follower.ts",
        find: "  server.becomeFollower(from);",
        replace: "  server.becomeFollower(from);\n  server.votedFor = undefined;",
      },
    ],
  },
  {
    name: "commits entries of earlier terms by counting",
    edits: [{ file: "commit.ts", find: " || server.log.termAt(stored) !== server.term", replace: "" }],
  },
  {
    name: "the leader counts itself before its own disk has the entry",
    isFast: true,
    edits: [
      {
        file: "commit.ts",
        find: "voter === server.id ? server.durability.durableIndex :",
        replace: "voter === server.id ? server.log.lastIndex :",
      },
    ],
  },
  {
    name: "a follower acknowledges before its disk has the entry",
    isFast: true,
    edits: [
      {
        file: "follower.ts",
        find: `server.sendWhenDurable({
    type: "appendResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    accepted: true,`,
        replace: `server.send({
    type: "appendResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    accepted: true,`,
      },
    ],
  },
  {
    name: "acknowledges the end of its own log instead of what matches",
    edits: [
      {
        file: "follower.ts",
        find: "accept(server, message, verifiedIndex);",
        replace: "accept(server, message, server.log.lastIndex);",
      },
    ],
  },
  {
    name: "takes the leader's commit index for entries that it has not compared",
    edits: [
      {
        file: "follower.ts",
        find: "Math.min(message.leaderCommit, verifiedIndex)",
        replace: "Math.min(message.leaderCommit, server.log.lastIndex)",
      },
    ],
  },
  {
    name: "replaces entries that match already",
    edits: [
      {
        file: "follower.ts",
        find: "entriesToStore(server, message.entries);",
        replace: "message.entries.filter(({ index }) => index > server.commitIndex);",
      },
    ],
  },
  {
    name: "does not compare the term of the previous entry",
    isFast: true,
    edits: [{ file: "follower.ts", find: "!server.log.contains(prev)", replace: "prev.index > server.log.lastIndex" }],
  },
  {
    name: "a leader does not step down when an answer has a higher term",
    edits: [
      {
        file: "raft.ts",
        find: `  if (message.term > server.term) {
    moveToTerm(server, message.term);
    return undefined;
  }
  const leader = server.role;`,
        replace: '  if (message.term > server.term) return "staleResponse";\n  const leader = server.role;',
      },
    ],
  },
  {
    name: "accepts entries from a leader of a lower term",
    isFast: true,
    edits: [{ file: "follower.ts", find: '  if (term < server.term) return "olderTerm";\n', replace: "" }],
  },
  {
    name: "counts votes that were given in an older term",
    edits: [
      {
        file: "election.ts",
        find: 'if (message.reason === "hearsLeader") reportAnswer(server, message, message.term, false);\n    return "staleResponse";',
        replace: "",
      },
    ],
  },
  {
    name: "counts acknowledgements that were given in an older term",
    edits: [
      {
        file: "raft.ts",
        find: 'if (message.term < server.term || leader.name !== "leader") return "staleResponse";',
        replace: 'if (leader.name !== "leader") return "staleResponse";',
      },
    ],
  },
  {
    name: "lowers what is known of a follower on a late answer",
    edits: [
      {
        file: "progress.ts",
        find: "this.matchIndex = Math.max(this.matchIndex, matchIndex);",
        replace: "this.matchIndex = matchIndex;",
      },
    ],
  },
  {
    name: "a pre-vote changes the term",
    edits: [
      {
        file: "election.ts",
        find: "const reason = preVoteRefusal(server, message);",
        replace:
          "if (message.campaignTerm > server.term) moveToTerm(server, message.campaignTerm);\n  const reason = preVoteRefusal(server, message);",
      },
    ],
  },
  {
    name: "a pre-vote changes the vote",
    edits: [
      {
        file: "election.ts",
        find: "const reason = preVoteRefusal(server, message);",
        replace:
          "const reason = preVoteRefusal(server, message);\n  if (reason === undefined) server.voteFor(message.from);",
      },
    ],
  },
  {
    name: "answers a read without asking a majority",
    isFast: true,
    edits: [
      {
        file: "leader.ts",
        find: "leader.reads.add({ readId });",
        replace: "server.output.confirmedReads.push({ readId, index: server.commitIndex });",
      },
    ],
  },
  {
    name: "answers a read before it has committed in its own term",
    edits: [
      {
        file: "leader.ts",
        find: "return server.commitIndex >= leader.firstOwnIndex ? server.commitIndex : undefined;",
        replace: "return server.commitIndex;",
      },
    ],
  },
  {
    name: "confirms a read by a round that began before it",
    edits: [
      {
        file: "read-queue.ts",
        find: "round: this.#lastRound, index",
        replace: "round: this.#lastRound - 1, index",
      },
    ],
  },
  {
    name: "confirms a read by an answer to a round of an older term",
    // Takes a server that leads twice, and a heartbeat of the first time that arrives in the second.
    faults: { replay: 0.4, delay: 0.2, transfer: 120, crash: 10 },
    edits: [
      {
        file: "follower.ts",
        find: "const answered = refusal === undefined ? round : 0;",
        replace: "const answered = round;",
      },
    ],
  },
  {
    name: "a late completion makes a rewritten entry durable",
    edits: [
      {
        file: "durability.ts",
        find: "for (const write of this.#inFlight) write.lastIndex = Math.min(write.lastIndex, index - 1);",
        replace: "",
      },
    ],
  },
];

export const mutants: readonly Mutant[] = [...coreMutants, ...membershipMutants, ...stateMutants];
