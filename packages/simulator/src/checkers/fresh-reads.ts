// A linearizable read sees every write that was acknowledged, and every state that was read, before it began; and a majority
// has spoken to the leader since the read came to it, for only that proves that nobody else leads. Thesis 6.4.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";
import { isQuorum } from "./configurations.ts";

const REMEMBERED_CONFIGURATIONS = 10;

export const freshReads: CheckerFactory = ({ nowMs, report }) => {
  /** When a node last spoke as a follower, by listener and speaker. */
  const spokenMs = new Map<NodeId, Map<NodeId, number>>();
  /** The configurations that a node has used lately, and until when; the last one is in use. */
  const used = new Map<NodeId, { readonly configuration: Configuration; untilMs: number }[]>();
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
    onRead: ({ client, node, consistency, arrivedMs, index, seenBefore }) => {
      if (index < seenBefore) {
        report(`client ${client} read the state of index ${index} after index ${seenBefore} was known`);
      }
      // A lease read asks nobody: what it must see has been checked above.
      if (consistency !== "linearizable") return;
      const speakers = spokenMs.get(node.id);
      const hasConfirmed = (voter: NodeId): boolean =>
        voter === node.id || (speakers?.get(voter) ?? Number.NEGATIVE_INFINITY) >= arrivedMs;
      // It may have been confirmed a while ago, and have waited since for the state machine to catch up.
      const inUse = (used.get(node.id) ?? []).filter(({ untilMs }) => untilMs >= arrivedMs);
      const configurations = [node.configuration, ...inUse.map(({ configuration }) => configuration)];
      if (configurations.some((configuration) => isQuorum(configuration, hasConfirmed))) return;
      const names = [node.id, ...(speakers?.keys() ?? [])].filter(hasConfirmed).join(", ");
      report(`${node.id} answered a read of client ${client}, which only ${names} can have confirmed since it came`);
    },
  };
};
