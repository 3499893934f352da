// Whoever leads a term was given the votes of a majority in that very term. Thesis 3.4. Votes of another term, of servers
// without a vote, of stores that are not the voters', and one server's vote counted twice, make no leader.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";
import { describeConfiguration, isQuorum, speaksFor } from "./configurations.ts";

export const electedByMajority: CheckerFactory = ({ report }) => {
  /** By candidate and term: who voted, from which stores. */
  const votersFor = new Map<string, Map<NodeId, Set<string | undefined>>>();
  return {
    property: "elected by a majority",
    onSend: ({ id, incarnation }, message) => {
      if (message.type !== "voteResponse" || !message.granted) return;
      const campaign = `${message.to} ${message.term}`;
      const votes = votersFor.get(campaign) ?? new Map<NodeId, Set<string | undefined>>();
      votersFor.set(campaign, votes.set(id, (votes.get(id) ?? new Set()).add(incarnation)));
    },
    onTurn: (node, { role, term }) => {
      const { id, incarnation, status: before, configuration, configurationBefore } = node;
      if (role !== "leader" || (before?.role === "leader" && before.term === term)) return;
      const votes = new Map([...(votersFor.get(`${id} ${term}`) ?? []), [id, new Set([incarnation])] as const]);
      const isElectedBy = (voters: Configuration): boolean =>
        isQuorum(voters, (voter) => [...(votes.get(voter) ?? [])].some((store) => speaksFor(voters, voter, store)));
      if (isElectedBy(configuration) || isElectedBy(configurationBefore)) return;
      const among = describeConfiguration(configuration);
      report(`${id} leads term ${term} with the votes of ${[...votes.keys()].join(", ")} only, among ${among}`);
    },
  };
};
