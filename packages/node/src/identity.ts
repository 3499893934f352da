// Whose store is this? Checked before a node says a word to anybody: a directory that was copied, swapped or taken from
// another cluster must not vote.

import { type LogStorage, QuorateError, type Random, type StoredState, type StoreIdentity } from "@quorate/contracts";
import { type Configuration, decodeConfiguration, type NodeId } from "@quorate/core";

type Claim = {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly configuration: Configuration;
  readonly joins?: boolean;
};

type Context = {
  readonly storage: LogStorage;
  readonly random?: Random;
  /** The configuration of the latest snapshot, if there is one. */
  readonly snapshotConfiguration: Configuration | undefined;
};

/** The identity in a store that was just loaded; gives a fresh store one, and refuses one that belongs to somebody else. */
export async function claimIdentity(stored: StoredState, claim: Claim & Context): Promise<StoreIdentity> {
  if (stored.identity !== undefined) {
    checkIdentity(stored.identity, claim);
    checkMembers(stored, claim);
    return stored.identity;
  }
  checkFresh(stored);
  const identity = newIdentity(claim, claim.random ?? Math.random);
  await claim.storage.initialise(identity);
  return identity;
}

function newIdentity({ clusterId, nodeId, configuration }: Claim, random: Random): StoreIdentity {
  return { clusterId, nodeId, configuration, incarnation: newIncarnation(random) };
}

/** A name for a store that no other store has. */
export function newIncarnation(random: Random): string {
  const digits = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return digits() + digits();
}

function checkIdentity(stored: StoreIdentity, claimed: Claim): void {
  if (stored.clusterId !== claimed.clusterId) {
    throw new QuorateError({
      code: "QUORATE_CLUSTER_MISMATCH",
      message: `the store belongs to cluster "${stored.clusterId}", but this node is configured for cluster "${claimed.clusterId}"`,
      hint: "use another data directory, or the cluster name that the directory was made with",
      details: { stored: stored.clusterId, configured: claimed.clusterId },
    });
  }
  if (stored.nodeId !== claimed.nodeId) {
    throw new QuorateError({
      code: "QUORATE_NODE_MISMATCH",
      message: `the store belongs to node "${stored.nodeId}", but this node is configured as "${claimed.nodeId}"`,
      hint: "give each node its own data directory; two directories may have been swapped",
      details: { stored: stored.nodeId, configured: claimed.nodeId },
    });
  }
}

/** The options may name the founders, as ever, or the members that the log has come to. */
function checkMembers({ identity, configurations }: StoredState, claim: Claim & Context): void {
  if (identity === undefined || claim.joins === true) return;
  const lastEntry = configurations.at(-1);
  const latest = lastEntry === undefined ? claim.snapshotConfiguration : decodeConfiguration(lastEntry);
  const inStore = members(identity.configuration);
  const inOptions = members(claim.configuration);
  if (inStore === inOptions || (latest !== undefined && members(latest) === inOptions)) return;
  const now = latest === undefined || members(latest) === inStore ? "" : ` and has ${members(latest)} now`;
  throw new QuorateError({
    code: "QUORATE_MEMBERS_MISMATCH",
    message: `the cluster was formed with ${inStore}${now}, but the configuration names ${inOptions}`,
    hint: "name the same members as at the first start: those of a running cluster are changed through its leader, not here",
    details: { stored: identity.configuration, configured: claim.configuration },
  });
}

function members({ voters, learners }: Configuration): string {
  const list = (ids: readonly NodeId[]) => ids.toSorted().join(", ");
  return learners.length === 0 ? list(voters) : `${list(voters)} and learners ${list(learners)}`;
}

/** A store without identity must be empty: entries of nobody are not ours. */
function checkFresh(stored: StoredState): void {
  if (stored.log.lastIndex === 0 && stored.hardState.term === 0) return;
  throw new QuorateError({
    code: "QUORATE_LOG_CORRUPT",
    message: `the store has a log up to index ${stored.log.lastIndex} but does not say whose it is`,
    hint: "its identity was lost: do not start from it; remove the directory and let the other servers bring this one up to date",
  });
}
