// What a leader believes that a follower holds is durable there with the same content, and it never forgets it. Thesis 3.5
// (matchIndex). Only while the follower is in the leader's term: a later leader may replace entries.

import type { NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";

export const trueProgress: CheckerFactory = ({ nodes, report }) => {
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const known = new Map<NodeId, { readonly term: number; readonly match: Map<NodeId, number> }>();
  return {
    property: "true progress",
    onTurn: ({ id, log }, { role, term, peers }) => {
      if (role !== "leader") return;
      let leadership = known.get(id);
      if (leadership?.term !== term) {
        leadership = { term, match: new Map() };
        known.set(id, leadership);
      }
      for (const { id: peerId, matchIndex } of peers) {
        const before = leadership.match.get(peerId) ?? 0;
        if (matchIndex === before) continue;
        if (matchIndex < before) report(`${id} took back what it knows of ${peerId} from ${before} to ${matchIndex}`);
        leadership.match.set(peerId, matchIndex);
        const peer = nodeOf.get(peerId);
        if (peer === undefined || peer.durable.hardState.term !== term || matchIndex <= peer.durable.base.index)
          continue;
        const [held, own] = [peer.durable.termAt(matchIndex), log.termAt(matchIndex)];
        if (held === own || own === undefined) continue;
        const what = held === undefined ? "nothing" : `an entry of term ${held}`;
        report(`${id} believes that ${peerId} holds ${matchIndex}:${own}, but ${peerId} has ${what} there`);
      }
    },
  };
};
