// A leader never overwrites or deletes entries of its own log. Thesis figure 3.2.

import type { CheckerFactory } from "./checker.ts";

export const leaderAppendOnly: CheckerFactory = ({ report }) => ({
  property: "leader append-only",
  onWrite: ({ id, log, status }, { hardState, truncateFrom, entries }) => {
    if (status?.role !== "leader" || truncateFrom === undefined || truncateFrom > log.lastIndex) return;
    // A turn may begin as leader and end as follower of a later term, whose leader then decides what stays.
    const term = hardState?.term ?? log.hardState.term;
    const isDeposed = term > status.term || entries.some((entry) => entry.term > status.term);
    if (!isDeposed) report(`${id} leads term ${status.term} and deletes its log from ${truncateFrom} on`);
  },
});
