// What a change makes of a configuration, and the first step from the one to the other. Thesis 4.1, 4.3.

import { isJoint, membersOf } from "./configuration.ts";
import {
  incarnationOf,
  isFormed,
  isPriority,
  MAX_ADDRESS_LENGTH,
  onlyRecordsOf,
  recordOf,
  withRecord,
} from "./server-records.ts";
import type { Configuration, NodeId } from "./types.ts";

/** A change of who belongs to the cluster; several can be made in one step. Thesis 4.1. */
export type MembershipChange =
  /** Sends the log to a new server, without giving it a vote. `promotes`: it gets one as soon as it has caught up. Thesis 4.2.1. */
  | { readonly type: "addLearner"; readonly id: NodeId; readonly address?: string; readonly promotes?: boolean }
  /** Gives a learner that has caught up a vote. */
  | { readonly type: "promote"; readonly id: NodeId }
  /** Takes the vote of a server that goes on receiving the log. */
  | { readonly type: "demote"; readonly id: NodeId }
  /** Takes a server out of the cluster. */
  | { readonly type: "remove"; readonly id: NodeId }
  /** Takes back a member that lost its store, as a learner; one that was a voter is promoted when it has caught up. */
  | { readonly type: "readmit"; readonly id: NodeId; readonly incarnation: string }
  /** Notes where a member is reached from now on. */
  | { readonly type: "move"; readonly id: NodeId; readonly address: string }
  /** Notes how much a member is wanted as the leader: 0, which nobody is asked to hand over to, up to 100. */
  | { readonly type: "prioritize"; readonly id: NodeId; readonly priority: number };

/** Why a change makes no sense for a configuration. */
export type ChangeMisfit =
  | "alreadyMember"
  | "unknownServer"
  | "notALearner"
  | "notAVoter"
  | "noVotersLeft"
  /** The leader has not heard from the server yet, so it does not know which store would have the vote. */
  | "neverHeard"
  | "addressTooLong"
  | "notAPriority";

type Misfit = { readonly misfit: ChangeMisfit; readonly id: NodeId };

/** The store that speaks for a server now, as far as the leader has heard. */
export type Heard = (id: NodeId) => string | undefined;

/** The configuration after these changes, made one after the other; or the first one that does not fit, and why. */
export function changed(
  configuration: Configuration,
  changes: readonly MembershipChange[],
  heard: Heard = () => undefined,
): Configuration | Misfit {
  let result = configuration;
  for (const change of changes) {
    const misfit = misfitOf(change, result, heard);
    if (misfit !== undefined) return { misfit, id: change.id };
    result = applied(result, change, heard);
    if (result.voters.length === 0) return { misfit: "noVotersLeft", id: change.id };
  }
  return result;
}

function applied(configuration: Configuration, change: MembershipChange, heard: Heard): Configuration {
  const { id } = change;
  switch (change.type) {
    case "addLearner": {
      const { address, promotes } = change;
      return withRecord(moved(configuration, id, "learners"), {
        id,
        address,
        promotes: promotes === true || undefined,
      });
    }
    case "promote": {
      const incarnation = storeOf(configuration, id, heard);
      return withRecord(moved(configuration, id, "voters"), { id, incarnation, promotes: undefined });
    }
    case "demote":
      return moved(configuration, id, "learners");
    case "remove": {
      const rest = moved(configuration, id, undefined);
      return onlyRecordsOf(rest, membersOf(rest));
    }
    case "readmit": {
      const wasVoter = configuration.voters.includes(id);
      const promotes = wasVoter || recordOf(configuration, id)?.promotes;
      return withRecord(moved(configuration, id, "learners"), { id, incarnation: change.incarnation, promotes });
    }
    case "move":
      return withRecord(configuration, { id, address: change.address });
    case "prioritize":
      return withRecord(configuration, { id, priority: change.priority === 0 ? undefined : change.priority });
  }
}

/** The configuration with `id` in that list alone, or in none. */
function moved(configuration: Configuration, id: NodeId, to: "voters" | "learners" | undefined): Configuration {
  const voters = configuration.voters.filter((voter) => voter !== id);
  const learners = configuration.learners.filter((learner) => learner !== id);
  if (to === "voters") voters.push(id);
  if (to === "learners") learners.push(id);
  return { ...configuration, voters, learners };
}

function misfitOf(change: MembershipChange, configuration: Configuration, heard: Heard): ChangeMisfit | undefined {
  const { id } = change;
  const isVoter = configuration.voters.includes(id);
  const isLearner = configuration.learners.includes(id);
  const isMember = isVoter || isLearner;
  const address = "address" in change ? change.address : undefined;
  if (address !== undefined && address.length > MAX_ADDRESS_LENGTH) return "addressTooLong";
  switch (change.type) {
    case "addLearner":
      return isMember ? "alreadyMember" : undefined;
    case "promote":
      if (!isLearner) return "notALearner";
      // Whose vote would count? In a cluster that keeps the stores apart, a voter without one would be a hole.
      return isFormed(configuration) && storeOf(configuration, id, heard) === undefined ? "neverHeard" : undefined;
    case "demote":
      return isVoter ? undefined : "notAVoter";
    case "remove":
    case "move":
      return isMember ? undefined : "unknownServer";
    case "prioritize":
      if (!isMember) return "unknownServer";
      return isPriority(change.priority) ? undefined : "notAPriority";
    case "readmit":
      if (!isMember) return "unknownServer";
      return incarnationOf(configuration, id) === change.incarnation ? "alreadyMember" : undefined;
  }
}

function storeOf(configuration: Configuration, id: NodeId, heard: Heard): string | undefined {
  return incarnationOf(configuration, id) ?? heard(id);
}

/**
 * The first step from one configuration to another. If at most one voter comes or goes, old and new majorities overlap
 * anyway and the new configuration can be used at once (thesis 4.1); else a joint one comes first (thesis 4.3).
 */
export function firstStep(from: Configuration, to: Configuration): Configuration {
  const added = to.voters.filter((voter) => !from.voters.includes(voter));
  const removed = from.voters.filter((voter) => !to.voters.includes(voter));
  if (added.length + removed.length <= 1) return to;
  // Voters that are on their way out still count, so it is still remembered which store is theirs.
  const leaving = (from.records ?? []).filter(({ id }) => removed.includes(id) && recordOf(to, id) === undefined);
  const records = [...(to.records ?? []), ...leaving];
  return { ...to, outgoing: from.voters, ...(records.length > 0 && { records }) };
}

/**
 * A voter that would count under two stores during this step: under its old one among the outgoing, and a new one. Such a
 * change has to be made by itself.
 */
export function countedTwice(from: Configuration, step: Configuration): NodeId | undefined {
  if (!isJoint(step)) return undefined;
  return from.voters.find((id) => incarnationOf(from, id) !== incarnationOf(step, id));
}

/** The last step out of a joint configuration. */
export function withoutOutgoing({ outgoing: _left, ...configuration }: Configuration): Configuration {
  return onlyRecordsOf(configuration, membersOf(configuration));
}
