// What a leader commits is durable on a majority at that moment. Thesis 3.5: otherwise a crash could take it back.

import type { Configuration } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";
import { describeConfiguration, isQuorum, speaksFor } from "./configurations.ts";

export const durableCommitment: CheckerFactory = ({ nodes, report }) => ({
  property: "durable commitment",
  onCommit: ({ id, configuration, configurationBefore }, { index, term }, status) => {
    // Followers only repeat what a leader has decided; earlier entries are covered by the last one (log matching).
    if (status.role !== "leader" || index !== status.commitIndex || term !== status.term) return;
    const holders = new Map(
      nodes.map((node) => [node.id, node.stores.filter((store) => store.holds(index, term))] as const),
    );
    // A disk that is gone has had the entry: whoever wants to decide without it needs one more of the others.
    const isHeldBy = (voters: Configuration): boolean =>
      isQuorum(voters, (voter) =>
        (holders.get(voter) ?? []).some(({ identity }) => speaksFor(voters, voter, identity?.incarnation)),
      );
    // A change that was proposed after the commitment counts from its proposal on, and both fall into one turn.
    if (isHeldBy(configuration) || isHeldBy(configurationBefore)) return;
    const names = [...holders].flatMap(([holder, stores]) => (stores.length > 0 ? [holder] : [])).join(", ");
    report(
      `${id} committed ${index}:${term}, which is durable on ${names} only, among ${describeConfiguration(configuration)}`,
    );
  },
});
