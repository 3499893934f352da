// Terms never fall, also not across a restart; commit and applied index never fall while a process lives; and what is
// applied is committed, what is committed is in the log. Thesis figure 3.1.

import type { CheckerFactory } from "./checker.ts";

export const monotonicState: CheckerFactory = ({ report }) => {
  const spokenTerm = new Map<string, number>();
  return {
    property: "monotonic state",
    onWipe: ({ id }) => void spokenTerm.delete(id),
    onSend: ({ id }, { term, type }) => {
      const before = spokenTerm.get(id) ?? 0;
      if (term < before) {
        // An answer that had to wait for the disk still speaks of the term in which it was given.
        if (type !== "appendResponse" && type !== "voteResponse" && type !== "voteRequest") {
          report(`${id} spoke in term ${before}, and now in term ${term}`);
        }
        return;
      }
      // Without a promise in it, a message may name a term that is not durable yet and may be forgotten in a crash.
      if (type === "voteRequest" || type === "appendResponse") spokenTerm.set(id, term);
    },
    onTurn: ({ id, status: before, log }, { term, commitIndex, lastApplied, state }) => {
      if (term < (before?.term ?? spokenTerm.get(id) ?? 0)) report(`${id} fell back to term ${term}`);
      if (commitIndex < (before?.commitIndex ?? 0)) report(`${id} took its commit index back to ${commitIndex}`);
      if (lastApplied < (before?.lastApplied ?? 0)) report(`${id} took its applied index back to ${lastApplied}`);
      if (lastApplied > commitIndex) report(`${id} applied ${lastApplied}, but committed only ${commitIndex}`);
      // A node that has just failed may not have come to write down what it heard.
      if (state === "running" && commitIndex > log.lastIndex) {
        report(`${id} committed ${commitIndex}, but its log ends at ${log.lastIndex}`);
      }
    },
  };
};
