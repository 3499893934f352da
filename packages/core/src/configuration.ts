// Who belongs to the cluster: arithmetic of configurations, what a change makes of one, and how one travels in the log.
// Thesis chapter 4.

import type { Configuration, Entry, NodeId } from "./types.ts";

/** A change of who belongs to the cluster; several can be made in one step. Thesis 4.1. */
export type MembershipChange =
  /** Sends the log to a new server, without giving it a vote. Thesis 4.2.1. */
  | { readonly type: "addLearner"; readonly id: NodeId }
  /** Gives a learner that has caught up a vote. */
  | { readonly type: "promote"; readonly id: NodeId }
  /** Takes the vote of a server that goes on receiving the log. */
  | { readonly type: "demote"; readonly id: NodeId }
  /** Takes a server out of the cluster. */
  | { readonly type: "remove"; readonly id: NodeId };

/** Why a change makes no sense for a configuration. */
export type ChangeMisfit = "alreadyMember" | "unknownServer" | "notALearner" | "notAVoter" | "noVotersLeft";

/** True between the two steps of a change that replaces more than one voter at once. Thesis 4.3. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing !== undefined;
}

/** Everybody who receives the log. */
export function membersOf({ voters, learners, outgoing = [] }: Configuration): readonly NodeId[] {
  return [...new Set([...voters, ...outgoing, ...learners])];
}

/** Everybody whose vote counts somewhere. */
export function votersOf({ voters, outgoing = [] }: Configuration): readonly NodeId[] {
  return [...new Set([...voters, ...outgoing])];
}

/** The configuration after these changes, made one after the other; or the first one that does not fit, and why. */
export function changed(
  configuration: Configuration,
  changes: readonly MembershipChange[],
): Configuration | { readonly misfit: ChangeMisfit; readonly id: NodeId } {
  const voters = new Set(configuration.voters);
  const learners = new Set(configuration.learners);
  for (const change of changes) {
    const { id } = change;
    const misfit = misfitOf(change, voters, learners);
    if (misfit !== undefined) return { misfit, id };
    voters.delete(id);
    learners.delete(id);
    if (change.type === "promote") voters.add(id);
    if (change.type === "addLearner" || change.type === "demote") learners.add(id);
    if (voters.size === 0) return { misfit: "noVotersLeft", id };
  }
  return { voters: [...voters], learners: [...learners] };
}

function misfitOf(
  { type, id }: MembershipChange,
  voters: ReadonlySet<NodeId>,
  learners: ReadonlySet<NodeId>,
): ChangeMisfit | undefined {
  switch (type) {
    case "addLearner":
      return voters.has(id) || learners.has(id) ? "alreadyMember" : undefined;
    case "promote":
      return learners.has(id) ? undefined : "notALearner";
    case "demote":
      return voters.has(id) ? undefined : "notAVoter";
    case "remove":
      return voters.has(id) || learners.has(id) ? undefined : "unknownServer";
  }
}

/**
 * The first step from one configuration to another. If at most one voter comes or goes, old and new majorities overlap
 * anyway and the new configuration can be used at once (thesis 4.1); else a joint one comes first (thesis 4.3).
 */
export function firstStep(from: Configuration, to: Configuration): Configuration {
  const added = to.voters.filter((voter) => !from.voters.includes(voter));
  const removed = from.voters.filter((voter) => !to.voters.includes(voter));
  return added.length + removed.length <= 1 ? to : { ...to, outgoing: from.voters };
}

/** The last step out of a joint configuration. */
export function withoutOutgoing({ voters, learners }: Configuration): Configuration {
  return { voters, learners };
}

/** A configuration as the data of an entry: JSON in ASCII, which every platform and every later version can read. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const ascii = JSON.stringify(configuration).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
}

/** The configuration in an entry; undefined if there is none that makes sense. */
export function decodeConfiguration({ data }: Pick<Entry, "data">): Configuration | undefined {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  try {
    const parsed: unknown = JSON.parse(text);
    return isConfiguration(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isConfiguration(value: unknown): value is Configuration {
  if (typeof value !== "object" || value === null || !("voters" in value) || !("learners" in value)) return false;
  const outgoing = "outgoing" in value ? value.outgoing : undefined;
  const hasOutgoing = outgoing === undefined || (isIdList(outgoing) && outgoing.length > 0);
  return isIdList(value.voters) && value.voters.length > 0 && isIdList(value.learners) && hasOutgoing;
}

function isIdList(value: unknown): value is readonly NodeId[] {
  return Array.isArray(value) && value.every((id) => typeof id === "string" && id !== "");
}
