// An entry that was committed in a term is in the logs of the leaders of all later terms. Thesis figure 3.2. A deposed leader
// of an older term may well lack it, so the term of the commitment counts, not the term of the entry.

import type { CheckerFactory } from "./checker.ts";

export const leaderCompleteness: CheckerFactory = ({ committed, report }) => ({
  property: "leader completeness",
  onTurn: ({ id, log, status }, { role, term }) => {
    const isElected = role === "leader" && (status?.role !== "leader" || status.term !== term);
    if (!isElected) return;
    for (const { entry, inTerm } of committed.values()) {
      const isMissing = entry.index > log.base.index && log.termAt(entry.index) !== entry.term;
      if (inTerm < term && isMissing) {
        report(`${id} leads term ${term} without entry ${entry.index}:${entry.term}, committed in term ${inTerm}`);
        return;
      }
    }
  },
});
