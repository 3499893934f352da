// What a leader commits is durable on a majority at that moment. Thesis 3.5: otherwise a crash could take it back.

import type { CheckerFactory } from "./checker.ts";

export const durableCommitment: CheckerFactory = ({ nodes, voters, report }) => ({
  property: "durable commitment",
  onCommit: ({ id }, { index, term }, status) => {
    // Followers only repeat what a leader has decided; earlier entries are covered by the last one (log matching).
    if (status.role !== "leader" || index !== status.commitIndex || term !== status.term) return;
    const holders = nodes.filter((node) => voters.includes(node.id) && node.durable.termAt(index) === term);
    if (holders.length * 2 > voters.length) return;
    const names = holders.map((node) => node.id).join(", ");
    report(`${id} committed ${index}:${term}, which is durable on ${names === "" ? "no voter" : names} only`);
  },
});
