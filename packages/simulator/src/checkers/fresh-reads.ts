// A linearizable read sees every write that was acknowledged, and every state that was read, before it began; and a majority
// has spoken to the leader since the read came to it, for only that proves that nobody else leads. Thesis 6.4.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { CheckerFactory, ObservedNode } from "./checker.ts";
import { isQuorum, speaksFor } from "./configurations.ts";

const REMEMBERED_CONFIGURATIONS = 10;

export const freshReads: CheckerFactory = ({ nodes, nowMs, report }) => {
  /** When a node last spoke as a follower, and from which store, by listener and speaker. */
  const spoken = new Map<NodeId, Map<NodeId, { readonly atMs: number; readonly incarnation: string | undefined }>>();
  /** The configurations that a node has used lately, and until when; the last one is in use. */
  const used = new Map<NodeId, { readonly configuration: Configuration; untilMs: number }[]>();
  return {
    property: "fresh reads",
    onSend: ({ id, incarnation }, { type, to }) => {
      if (type !== "heartbeatResponse" && type !== "appendResponse") return;
      let speakers = spoken.get(to);
      if (speakers === undefined) {
        speakers = new Map();
        spoken.set(to, speakers);
      }
      speakers.set(id, { atMs: nowMs(), incarnation });
    },
    onTurn: ({ id, configuration }) => {
      const history = used.get(id) ?? [];
      const last = history.at(-1);
      if (last?.configuration === configuration) return;
      if (last !== undefined) last.untilMs = nowMs();
      used.set(id, [
        ...history.slice(-REMEMBERED_CONFIGURATIONS),
        { configuration, untilMs: Number.POSITIVE_INFINITY },
      ]);
    },
    onRead: ({ client, node, consistency, isForwarded, arrivedMs, index, seenBefore }) => {
      if (index < seenBefore) {
        report(`client ${client} read the state of index ${index} after index ${seenBefore} was known`);
      }
      // A lease read asks nobody: what it must see has been checked above.
      if (consistency !== "linearizable") return;
      const leaders = isForwarded ? nodes : [node];
      if (leaders.some((leader) => isConfirmed(leader, arrivedMs))) return;
      report(`${node.id} answered a read of client ${client}, which no majority can have confirmed since it came`);
    },
  };

  /** Whether a majority has spoken to this node since then, itself included. */
  function isConfirmed(leader: ObservedNode, sinceMs: number): boolean {
    const speakers = spoken.get(leader.id);
    // It may have been confirmed a while ago, and have waited since for the state machine to catch up.
    const inUse = (used.get(leader.id) ?? []).filter(({ untilMs }) => untilMs >= sinceMs);
    return [leader.configuration, ...inUse.map(({ configuration }) => configuration)].some((configuration) =>
      isQuorum(configuration, (voter) => {
        const word = speakers?.get(voter);
        if (voter === leader.id || word === undefined) return voter === leader.id;
        return word.atMs >= sinceMs && speaksFor(configuration, voter, word.incarnation);
      }),
    );
  }
};
