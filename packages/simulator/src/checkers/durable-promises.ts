// What a message promises is on the disk before the message leaves: a vote, a campaign, an acknowledged entry. And what a
// server takes for durable is. Thesis 3.8.

import type { CheckerFactory, ObservedNode } from "./checker.ts";

export const durablePromises: CheckerFactory = ({ report }) => {
  const expectVote = ({ id, durable }: ObservedNode, term: number, candidate: string): void => {
    const { hardState } = durable;
    // A later term on the disk means that the vote was there and has been overwritten; it can never be given again.
    const isKept = hardState.term > term || (hardState.term === term && hardState.votedFor === candidate);
    if (!isKept) {
      const stored = `term ${hardState.term} with a vote for ${hardState.votedFor ?? "nobody"}`;
      report(`${id} gave ${candidate} its vote of term ${term}, but its disk has ${stored}`);
    }
  };
  return {
    property: "durable promises",
    onTurn: ({ id, log, durable }, { durableIndex }) => {
      const isTrue = durableIndex <= log.base.index || durable.termAt(durableIndex) === log.termAt(durableIndex);
      if (!isTrue)
        report(`${id} takes its log up to ${durableIndex} for durable, but its disk has something else there`);
    },
    onSend: (node, message) => {
      if (message.type === "voteRequest") expectVote(node, message.term, node.id);
      if (message.type === "voteResponse" && message.granted) expectVote(node, message.term, message.to);
      if (message.type !== "appendResponse" || !message.accepted) return;
      const { durable, log, id } = node;
      const isDurable =
        message.matchIndex < log.base.index || durable.holds(message.matchIndex, log.termAt(message.matchIndex) ?? -1);
      // An answer that was held back may be about entries that a later leader has replaced since; its term tells.
      const isCurrent = message.term === log.hardState.term;
      if (!isDurable && isCurrent) {
        report(
          `${id} acknowledged entries up to ${message.matchIndex}, but its disk has them up to ${durable.lastIndex}`,
        );
      }
    },
  };
};
