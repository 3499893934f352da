// Whoever leads a term was given the votes of a majority in that very term. Thesis 3.4. Votes of another term, of servers
// without a vote, and one server's vote counted twice, make no leader.

import type { NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";
import { describeConfiguration, isQuorum } from "./configurations.ts";

export const electedByMajority: CheckerFactory = ({ report }) => {
  const votersFor = new Map<string, Set<NodeId>>();
  return {
    property: "elected by a majority",
    onSend: ({ id }, message) => {
      if (message.type !== "voteResponse" || !message.granted) return;
      const campaign = `${message.to} ${message.term}`;
      const votes = votersFor.get(campaign);
      if (votes === undefined) votersFor.set(campaign, new Set([id]));
      else votes.add(id);
    },
    onTurn: ({ id, status: before, configuration, configurationBefore }, { role, term }) => {
      if (role !== "leader" || (before?.role === "leader" && before.term === term)) return;
      const votes = new Set([id, ...(votersFor.get(`${id} ${term}`) ?? [])]);
      const hasVoted = (voter: NodeId): boolean => votes.has(voter);
      if (isQuorum(configuration, hasVoted) || isQuorum(configurationBefore, hasVoted)) return;
      const among = describeConfiguration(configuration);
      report(`${id} leads term ${term} with the votes of ${[...votes].join(", ")} only, among ${among}`);
    },
  };
};
