// A leader commits by counting only entries of its own term; earlier ones are committed by committing one after them. Thesis
// 3.6.2, figure 3.7: an old entry on a majority can still be overwritten.

import type { CheckerFactory } from "./checker.ts";

export const ownTermCommitment: CheckerFactory = ({ report }) => ({
  property: "own-term commitment",
  onTurn: ({ id, log, status: before }, { role, term, commitIndex }) => {
    const hasLed = role === "leader" && before?.role === "leader" && before.term === term;
    if (!hasLed || commitIndex <= before.commitIndex) return;
    const committedTerm = log.termAt(commitIndex);
    if (committedTerm !== term) {
      report(`${id} leads term ${term} and committed up to index ${commitIndex}, which is of term ${committedTerm}`);
    }
  },
});
