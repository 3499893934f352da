// A linearizable read sees every write that was acknowledged, and every state that was read, before it began; and a majority
// has spoken to the leader since the read came to it, for only that proves that nobody else leads. Thesis 6.4.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";
import { isQuorum, speaksFor } from "./configurations.ts";

const REMEMBERED_CONFIGURATIONS = 10;

export const freshReads: CheckerFactory = ({ nowMs, report }) => {
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
    onRead: ({ client, node, consistency, arrivedMs, index, seenBefore }) => {
      if (index < seenBefore) {
        report(`client ${client} read the state of index ${index} after index ${seenBefore} was known`);
      }
      // A lease read asks nobody: what it must see has been checked above.
      if (consistency !== "linearizable") return;
      const speakers = spoken.get(node.id);
      const hasConfirmed = (voter: NodeId, configuration: Configuration): boolean => {
        const word = speakers?.get(voter);
        if (voter === node.id || word === undefined) return voter === node.id;
        return word.atMs >= arrivedMs && speaksFor(configuration, voter, word.incarnation);
      };
      // It may have been confirmed a while ago, and have waited since for the state machine to catch up.
      const inUse = (used.get(node.id) ?? []).filter(({ untilMs }) => untilMs >= arrivedMs);
      const configurations = [node.configuration, ...inUse.map(({ configuration }) => configuration)];
      if (
        configurations.some((configuration) => isQuorum(configuration, (voter) => hasConfirmed(voter, configuration)))
      )
        return;
      const names = [node.id, ...(speakers?.keys() ?? [])]
        .filter((voter) => hasConfirmed(voter, node.configuration))
        .join(", ");
      report(`${node.id} answered a read of client ${client}, which only ${names} can have confirmed since it came`);
    },
  };
};
