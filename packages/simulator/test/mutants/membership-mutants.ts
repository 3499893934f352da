// Mistakes about who belongs to the cluster and who decides. Thesis chapter 4.
import type { Mutant } from "./mutants.ts";

export const membershipMutants: readonly Mutant[] = [
  {
    name: "counts learners in a quorum",
    edits: [
      {
        file: "quorum.ts",
        find: "export function reachedByMajority({ voters, outgoing }: Configuration,",
        replace: "export function reachedByMajority({ voters: members, learners, outgoing }: Configuration,",
      },
      {
        file: "quorum.ts",
        find: "const reached = reachedBy(voters, valueOf);",
        replace: "const voters = [...members, ...learners];\n  const reached = reachedBy(voters, valueOf);",
      },
    ],
  },
  {
    name: "needs only the new majority in a joint configuration",
    edits: [
      {
        file: "quorum.ts",
        find: "return outgoing === undefined ? reached : Math.min(reached, reachedBy(outgoing, valueOf));",
        replace: "return reached;",
      },
      {
        file: "quorum.ts",
        find: 'if (outgoing === undefined || verdict === "lost") return verdict;',
        replace: "return verdict;",
      },
    ],
  },
  {
    name: "takes one majority of all voters of a joint configuration",
    edits: [
      {
        file: "quorum.ts",
        find: "const reached = reachedBy(voters, valueOf);",
        replace:
          "const reached = reachedBy([...new Set([...voters, ...(outgoing ?? [])])], valueOf);\n  if (reached >= 0) return reached;",
      },
      {
        file: "quorum.ts",
        find: "const verdict = tallyOf(voters, votes);",
        replace:
          "const verdict = tallyOf([...new Set([...voters, ...(outgoing ?? [])])], votes);\n  if (verdict !== undefined) return verdict;",
      },
    ],
  },
  {
    name: "begins a change while another one is not committed",
    edits: [
      {
        file: "membership.ts",
        find: 'if (index > server.commitIndex || isJoint(configuration)) return refuse("changeInProgress");',
        replace: "",
      },
    ],
  },
  {
    name: "begins a change before it has committed in its own term",
    edits: [
      {
        file: "membership.ts",
        find: 'if (server.commitIndex < leader.firstOwnIndex) return refuse("notYetCommitted");',
        replace: "",
      },
    ],
  },
  {
    name: "uses a configuration only when it is applied",
    isFast: true,
    edits: [
      {
        file: "server.ts",
        find: "return this.configurations.current.configuration;",
        replace: "return this.configurations.asOf(this.lastApplied).configuration;",
      },
    ],
  },
  {
    name: "goes on with a configuration that was cut off the log",
    edits: [{ file: "server.ts", find: "    this.configurations.truncateFrom(index);\n", replace: "" }],
  },
  {
    name: "counts the word of a server that has lost its disk",
    isFast: true,
    edits: [
      {
        file: "server-records.ts",
        find: "return expected === undefined || expected === incarnation;",
        replace: "return true;",
      },
    ],
  },
];
