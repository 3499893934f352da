// A server votes for at most one candidate in a term, also across crashes. Thesis 3.4, 3.8. Asking for votes is a vote for
// oneself. A server that lost its disk is another one: what counts is that its new votes do not.

import type { CheckerFactory } from "./checker.ts";

export const oneVote: CheckerFactory = ({ report }) => {
  const votes = new Map<string, string>();
  const vote = (voter: string, term: number, candidate: string): void => {
    const ballot = `${voter} ${term}`;
    const earlier = votes.get(ballot);
    if (earlier === undefined) votes.set(ballot, candidate);
    else if (earlier !== candidate) report(`${voter} voted for ${earlier} and for ${candidate} in term ${term}`);
  };
  return {
    property: "one vote per term",
    onSend: ({ id, incarnation }, message) => {
      const voter = `${id} ${incarnation ?? ""}`;
      if (message.type === "voteRequest") vote(voter, message.term, id);
      else if (message.type === "voteResponse" && message.granted) vote(voter, message.term, message.to);
    },
  };
};
