// Mistakes that the search must find: each replaces a correct piece of the core with a wrong one.

/** One mistake. */
export type Defect = {
  readonly name: string;
  /** What it makes a server do. */
  readonly says: string;
  readonly file: string;
  readonly correct: string;
  readonly wrong: string;
  /** The scope that shows it. */
  readonly scope: string;
  /** How the law begins that the search finds broken. */
  readonly breaks: string;
};

export const defects: readonly Defect[] = [
  {
    name: "voteBeforeDurable",
    says: "sends its vote before it is on disk",
    file: "election.ts",
    correct: "reportVote(server, message.from, message.term, false, undefined);\n  server.sendWhenDurable({",
    wrong: "reportVote(server, message.from, message.term, false, undefined);\n  server.send({",
    scope: "elections with a crash",
    breaks: "One vote per term",
  },
  {
    name: "voteForgotten",
    says: "does not write down its vote",
    file: "server.ts",
    correct: "this.durability.hardStateChanged({ term: this.term, votedFor: candidate });",
    wrong: "",
    scope: "elections with a crash",
    breaks: "One vote per term",
  },
  {
    name: "secondVote",
    says: "votes for everybody who asks",
    file: "election.ts",
    correct:
      'if (server.votedFor !== undefined && server.votedFor !== message.from) return "alreadyVoted";\n  // A founder',
    wrong: "// A founder",
    scope: "elections",
    breaks: "One vote per term",
  },
  {
    name: "oldVotesCount",
    says: "counts votes of an earlier term",
    file: "election.ts",
    correct: "if (message.term < server.term) {\n    // The leader lease",
    wrong: "if (false) {\n    // The leader lease",
    scope: "elections of one server, again",
    breaks: "Election Safety",
  },
  {
    name: "anyLogWins",
    says: "votes for candidates whose log is behind",
    file: "election.ts",
    correct: 'server.log.isAtMostAsUpToDateAs(candidateLog) ? undefined : "logBehind"',
    wrong: "undefined",
    scope: "entries over two terms",
    breaks: "Leader Completeness",
  },
  {
    name: "ackBeforeDurable",
    says: "acknowledges entries before they are on disk",
    file: "follower.ts",
    correct: "matchIndex: number): void {\n  server.sendWhenDurable({",
    wrong: "matchIndex: number): void {\n  server.send({",
    scope: "a follower crashes",
    breaks: "Committed is durable",
  },
  {
    name: "memoryCounts",
    says: "counts entries in a leader's memory as durable",
    file: "commit.ts",
    correct: "server.durability.durableIndex : (leader",
    wrong: "server.log.lastIndex : (leader",
    scope: "a leader crashes",
    breaks: "Committed is durable",
  },
  {
    name: "oldTermsCommit",
    says: "commits entries of earlier terms by counting replicas",
    file: "commit.ts",
    correct: "|| server.log.termAt(stored) !== server.term",
    wrong: "",
    scope: "figure 8",
    breaks: "Leader Completeness",
  },
  {
    name: "prevTermIgnored",
    says: "compares only the length of the log before an append",
    file: "follower.ts",
    correct: "!server.log.contains(prev)",
    wrong: "prev.index > server.log.lastIndex",
    scope: "figure 8",
    breaks: "Log Matching",
  },
  {
    name: "alwaysTruncates",
    says: "cuts its log at every append, also a late one",
    file: "follower.ts",
    correct: "server.log.termAt(entry.index) !== entry.term,",
    wrong: "true,",
    scope: "entries in one term",
    breaks: "Committed is durable",
  },
  {
    name: "commitUnverified",
    says: "commits beyond what an append has verified",
    file: "follower.ts",
    correct: "Math.min(message.leaderCommit, verifiedIndex)",
    wrong: "Math.min(message.leaderCommit, server.log.lastIndex)",
    scope: "a follower with another tail",
    breaks: "",
  },
  {
    name: "bigStep",
    says: "replaces several voters in one step",
    file: "configuration-change.ts",
    correct: "added.length + removed.length <= 1",
    wrong: "added.length + removed.length <= 9",
    scope: "joint consensus",
    breaks: "Configuration overlap",
  },
  {
    name: "newMajorityAlone",
    says: "asks only the new majority while two configurations count",
    file: "quorum.ts",
    correct: "return outgoing === undefined ? reached : Math.min(reached, reachedBy(outgoing, valueOf));",
    wrong: "return reached;",
    scope: "joint consensus that leaves one voter",
    breaks: "Leader Completeness",
  },
  {
    name: "configurationStays",
    says: "goes on using a configuration that was cut from its log",
    file: "configuration-history.ts",
    correct: "this.#placed = this.#placed.filter((each) => each.index < index);",
    wrong: "",
    scope: "a leader changes voters and goes",
    breaks: "Configuration in use",
  },
];
