// The log that a server thinks it has is the one that it has given to its disk, turn by turn: it ends at the same entry and
// begins at the same one.

import type { CheckerFactory } from "./checker.ts";

export const logAsStored: CheckerFactory = ({ report }) => ({
  property: "log as stored",
  onTurn: ({ id, log }, { lastIndex, lastTerm, firstIndex, state }) => {
    // A node that has just failed may have been stopped in the middle of a turn.
    if (state !== "running") return;
    if (lastIndex !== log.lastIndex || lastTerm !== log.lastTerm) {
      report(
        `${id} has a log up to ${lastIndex}:${lastTerm}, and gave its disk one up to ${log.lastIndex}:${log.lastTerm}`,
      );
    }
    if (firstIndex !== log.base.index + 1) {
      report(`${id} has a log from ${firstIndex} on, and its disk one from ${log.base.index + 1} on`);
    }
  },
});
