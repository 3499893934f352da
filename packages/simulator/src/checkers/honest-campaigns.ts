// Terms begin with a candidate, and votes go to candidates. A pre-vote is only a question: it moves nobody to another term
// and costs nobody its vote. Thesis 3.4, 9.6.

import type { NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";

export const honestCampaigns: CheckerFactory = ({ report }) => {
  const candidatesOf = new Map<number, Set<NodeId>>();
  const campaigned = (term: number, candidate: NodeId): void => {
    const candidates = candidatesOf.get(term);
    if (candidates === undefined) candidatesOf.set(term, new Set([candidate]));
    else candidates.add(candidate);
  };
  return {
    property: "honest campaigns",
    // A campaign may be over within the turn that began it, and its requests leave nevertheless.
    onSend: ({ id }, { type, term }) => {
      if (type === "voteRequest") campaigned(term, id);
    },
    onWrite: ({ id }, { hardState }) => {
      if (hardState?.votedFor === undefined) return;
      const { term, votedFor } = hardState;
      // A candidate votes for itself before it asks anybody.
      if (votedFor === id) campaigned(term, id);
      else if (candidatesOf.get(term)?.has(votedFor) !== true) {
        report(`${id} voted for ${votedFor} in term ${term}, where ${votedFor} does not campaign`);
      }
    },
    onTurn: ({ id, status: before }, { role, term }) => {
      if (term === (before?.term ?? 0)) return;
      if (role === "candidate" || role === "leader") campaigned(term, id);
      if (!candidatesOf.has(term)) report(`${id} is in term ${term}, for which nobody has campaigned`);
    },
  };
};
