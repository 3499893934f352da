// Whoever leads a term was given the votes of a majority in that very term. Thesis 3.4. Votes of another term, and one
// server's vote counted twice, make no leader.

import type { NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";

export const electedByMajority: CheckerFactory = ({ voters, report }) => {
  const votersFor = new Map<string, Set<NodeId>>();
  return {
    property: "elected by a majority",
    onSend: ({ id }, message) => {
      if (message.type !== "voteResponse" || !message.granted || !voters.includes(id)) return;
      const campaign = `${message.to} ${message.term}`;
      const votes = votersFor.get(campaign);
      if (votes === undefined) votersFor.set(campaign, new Set([id]));
      else votes.add(id);
    },
    onTurn: ({ id, status: before }, { role, term }) => {
      if (role !== "leader" || (before?.role === "leader" && before.term === term)) return;
      const others = [...(votersFor.get(`${id} ${term}`) ?? [])].filter((voter) => voter !== id);
      if ((others.length + 1) * 2 <= voters.length) {
        report(`${id} leads term ${term} with the votes of ${[id, ...others].join(", ")} only`);
      }
    },
  };
};
