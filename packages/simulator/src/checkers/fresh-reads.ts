// A linearizable read sees every write that was acknowledged, and every state that was read, before it began; and a majority
// has spoken to the leader since the read came to it, for only that proves that nobody else leads. Thesis 6.4.

import type { NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";

export const freshReads: CheckerFactory = ({ voters, nowMs, report }) => {
  /** When a node last spoke as a follower, by listener and speaker. */
  const spokenMs = new Map<NodeId, Map<NodeId, number>>();
  return {
    property: "fresh reads",
    onSend: ({ id }, { type, to }) => {
      if (type !== "heartbeatResponse" && type !== "appendResponse") return;
      let speakers = spokenMs.get(to);
      if (speakers === undefined) {
        speakers = new Map();
        spokenMs.set(to, speakers);
      }
      speakers.set(id, nowMs());
    },
    onRead: ({ client, nodeId, arrivedMs, index, seenBefore }) => {
      if (index < seenBefore) {
        report(`client ${client} read the state of index ${index} after index ${seenBefore} was known`);
      }
      const speakers = spokenMs.get(nodeId);
      const confirming = voters.filter((voter) => voter !== nodeId && (speakers?.get(voter) ?? -1) >= arrivedMs);
      if ((confirming.length + 1) * 2 > voters.length) return;
      const names = [nodeId, ...confirming].join(", ");
      report(`${nodeId} answered a read of client ${client}, which only ${names} can have confirmed since it came`);
    },
  };
};
