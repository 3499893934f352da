// The members of the cluster as a node sees them: who votes, who is to, where they are, and how far behind. Only the leader
// knows the last.

import type { NodeStatus } from "@quorate/node";
import type { Service } from "../service-node.ts";
import { leaderOf } from "./problem.ts";

/** One member in words for people and scripts. */
export type ListedMember = {
  readonly id: string;
  readonly role: "voter" | "learner";
  /** A learner that is given a vote as soon as it has caught up. */
  readonly promotes: boolean;
  /** Leaders hand over to voters of a higher one. */
  readonly priority: number;
  /** A voter that still counts, in the middle of a change that takes it out. */
  readonly leaving: boolean;
  /** `replaced`: it came back with another store, and does not count until it is readmitted. Only the leader knows. */
  readonly store: "current" | "replaced" | "unknown";
  readonly peer: string | null;
  readonly http: string | null;
  readonly client: string | null;
  /** Only from the leader. */
  readonly matchIndex?: number;
  /** Entries of the leader's log that are not known to be durable there. */
  readonly lagEntries?: number;
  /** For how long it has lacked something that was committed; missing if that is longer than the leader remembers. */
  readonly lagMs?: number;
  readonly lastContactMs?: number;
};

/** The body of every answer about members. */
export function memberList(service: Service): object {
  const status = service.node.currentStatus();
  const { configurationIndex, commitIndex, term, leaderId } = status;
  return {
    cluster: service.clusterId,
    leader: leaderOf(service, leaderId),
    term,
    configurationIndex,
    committed: configurationIndex <= commitIndex && status.configuration.outgoing === undefined,
    members: membersOf(service, status),
  };
}

function membersOf(service: Service, status: NodeStatus): readonly ListedMember[] {
  const { voters, learners, outgoing = [], records = [] } = status.configuration;
  const ids = [...new Set([...voters, ...outgoing, ...learners])].toSorted();
  return ids.map((id) => {
    const { peer = null, http = null, client = null } = service.addresses.of(id) ?? {};
    const isLearner = learners.includes(id);
    const record = records.find((each) => each.id === id);
    return {
      id,
      role: isLearner ? "learner" : "voter",
      promotes: isLearner && record?.promotes === true,
      priority: record?.priority ?? 0,
      leaving: !isLearner && !voters.includes(id),
      store: storeOf(status, id),
      peer,
      http,
      client,
      ...progressOf(service, status, id),
    };
  });
}

function storeOf({ role, id: self, peers }: NodeStatus, id: string): ListedMember["store"] {
  if (role !== "leader") return "unknown";
  const isReplaced = id !== self && peers.some((peer) => peer.id === id && peer.stranger !== undefined);
  return isReplaced ? "replaced" : "current";
}

function progressOf(service: Service, status: NodeStatus, id: string): Partial<ListedMember> {
  if (status.role !== "leader") return {};
  const peer = status.peers.find((one) => one.id === id);
  const isSelf = id === status.id;
  if (peer === undefined && !isSelf) return {};
  const matchIndex = peer?.matchIndex ?? status.durableIndex;
  const lagMs = matchIndex >= status.commitIndex ? 0 : service.committedMsAgo(matchIndex + 1);
  return {
    matchIndex,
    lagEntries: Math.max(0, status.lastIndex - matchIndex),
    ...(lagMs !== undefined && { lagMs }),
    lastContactMs: Math.round(peer?.lastContactMs ?? 0),
  };
}
