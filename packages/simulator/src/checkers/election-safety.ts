// At most one leader can be elected in a given term, and nobody follows anybody else in it. Thesis figure 3.2. Seen in what
// a leader says as well as in what it is, because a leadership may begin and end within one turn.

import type { CheckerFactory } from "./checker.ts";

export const electionSafety: CheckerFactory = ({ report }) => {
  const leaderOfTerm = new Map<number, string>();
  const claim = (id: string, term: number): void => {
    const leader = leaderOfTerm.get(term);
    if (leader === undefined) leaderOfTerm.set(term, id);
    else if (leader !== id) report(`${leader} and ${id} both lead term ${term}`);
  };
  return {
    property: "election safety",
    onSend: ({ id }, message) => {
      if (message.type === "heartbeatRequest" || message.type === "appendRequest") claim(id, message.term);
    },
    onTurn: ({ id }, { role, term, leaderId }) => {
      if (role === "leader") claim(id, term);
      else if (leaderId !== undefined && leaderOfTerm.get(term) !== leaderId) {
        report(`${id} follows ${leaderId} in term ${term}, which ${leaderOfTerm.get(term) ?? "nobody"} leads`);
      }
    },
  };
};
