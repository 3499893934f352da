// What a leader believes that a follower holds (matchIndex, thesis 3.5) is what the follower has told it in this term; it is
// durable there with the same content, as long as no later leader has replaced it; and the leader never forgets it.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";

type Leadership = {
  readonly term: number;
  readonly match: Map<NodeId, number>;
  /** Who belonged to the cluster when it was looked at last. */
  configuration: Configuration;
  /** Followers that lost their disk since, of which the leader may take back what it knew. */
  readonly wiped: Set<NodeId>;
};

export const trueProgress: CheckerFactory = ({ nodes, report }) => {
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const known = new Map<NodeId, Leadership>();
  const told = new Map<string, number>();
  return {
    property: "true progress",
    // Its leader will notice, sooner or later, and begin anew.
    onWipe: ({ id }) => {
      for (const { wiped } of known.values()) wiped.add(id);
    },
    onSend: (_node, message) => {
      if (message.type !== "appendResponse" || !message.accepted) return;
      const channel = `${message.from} ${message.to} ${message.term}`;
      told.set(channel, Math.max(told.get(channel) ?? 0, message.matchIndex));
    },
    onTurn: ({ id, log }, { role, term, peers, configuration }) => {
      if (role !== "leader") return;
      let leadership = known.get(id);
      if (leadership?.term !== term) {
        leadership = { term, match: new Map(), configuration, wiped: new Set() };
        known.set(id, leadership);
      }
      // A server that was taken out and comes back is a new peer.
      if (leadership.configuration !== configuration) {
        leadership.configuration = configuration;
        for (const peerId of leadership.match.keys()) {
          if (!peers.some((peer) => peer.id === peerId)) leadership.match.delete(peerId);
        }
      }
      for (const { id: peerId, matchIndex } of peers) {
        const before = leadership.match.get(peerId) ?? 0;
        if (matchIndex === before) continue;
        if (matchIndex < before && !leadership.wiped.has(peerId))
          report(`${id} took back what it knows of ${peerId} from ${before} to ${matchIndex}`);
        leadership.match.set(peerId, matchIndex);
        const toldIndex = told.get(`${peerId} ${id} ${term}`) ?? 0;
        if (matchIndex > toldIndex)
          report(`${id} believes ${matchIndex} of ${peerId}, which told ${toldIndex} in term ${term}`);
        const peer = nodeOf.get(peerId);
        const own = log.termAt(matchIndex);
        if (peer === undefined || peer.durable.hardState.term !== term || own === undefined) continue;
        // What it has told from a disk that is gone was true.
        if (peer.stores.some((store) => store.holds(matchIndex, own))) continue;
        const held = peer.durable.termAt(matchIndex);
        const what = held === undefined ? "nothing" : `an entry of term ${held}`;
        report(`${id} believes that ${peerId} holds ${matchIndex}:${own}, but ${peerId} has ${what} there`);
      }
    },
  };
};
