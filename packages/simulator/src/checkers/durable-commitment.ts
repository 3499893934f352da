// What a leader commits is durable on a majority at that moment. Thesis 3.5: otherwise a crash could take it back.

import type { CheckerFactory } from "./checker.ts";
import { describeConfiguration, isQuorum } from "./configurations.ts";

export const durableCommitment: CheckerFactory = ({ nodes, report }) => ({
  property: "durable commitment",
  onCommit: ({ id, configuration, configurationBefore }, { index, term }, status) => {
    // Followers only repeat what a leader has decided; earlier entries are covered by the last one (log matching).
    if (status.role !== "leader" || index !== status.commitIndex || term !== status.term) return;
    const holders = new Set(nodes.filter(({ durable }) => durable.holds(index, term)).map((node) => node.id));
    const isHolder = (voter: string): boolean => holders.has(voter);
    // A change that was proposed after the commitment counts from its proposal on, and both fall into one turn.
    if (isQuorum(configuration, isHolder) || isQuorum(configurationBefore, isHolder)) return;
    const names = holders.size === 0 ? "nobody" : [...holders].join(", ");
    report(
      `${id} committed ${index}:${term}, which is durable on ${names} only, among ${describeConfiguration(configuration)}`,
    );
  },
});
