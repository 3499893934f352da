// What an operator may want of the membership: one change or several at once, never one after which too few servers are left
// that can come back.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { MembershipChange } from "@quorate/core";
import { isQuorum } from "../checkers/configurations.ts";
import type { SeededRandom } from "../world/random.ts";

/** Most changes that are made in one step. */
const MAX_CHANGES = 3;

/** A wish, or undefined if none makes sense now. `isIntact` tells whose word counts in the present configuration. */
export function drawChanges(options: {
  readonly configuration: Configuration;
  readonly ids: readonly NodeId[];
  readonly isIntact: (id: NodeId) => boolean;
  readonly random: SeededRandom;
}): readonly MembershipChange[] | undefined {
  const { configuration, ids, isIntact, random } = options;
  let after: Configuration = { voters: configuration.voters, learners: configuration.learners };
  const changes: MembershipChange[] = [];
  const wished = random.chance(0.5) ? 1 : 1 + random.integer(MAX_CHANGES);
  for (let tries = 0; changes.length < wished && tries < 3 * MAX_CHANGES; tries++) {
    const change = drawChange(after, ids, random);
    const next = change && applied(after, change);
    if (change === undefined || next === undefined || next.voters.length === 0) continue;
    changes.push(change);
    after = next;
  }
  const isAffordable = isQuorum(after, isIntact);
  return changes.length > 0 && isAffordable ? changes : undefined;
}

function drawChange(
  { voters, learners }: Configuration,
  ids: readonly NodeId[],
  random: SeededRandom,
): MembershipChange | undefined {
  const outsiders = ids.filter((id) => !voters.includes(id) && !learners.includes(id));
  const pick = (
    type: "addLearner" | "promote" | "demote" | "remove",
    from: readonly NodeId[],
  ): MembershipChange | undefined => (from.length === 0 ? undefined : { type, id: random.pick(from) });
  // Rather up than down, so that clusters do not shrink to one server and stay there.
  const wish = random.next();
  if (wish < 0.3) return pick("promote", learners);
  if (wish < 0.6) return pick("addLearner", outsiders);
  if (wish < 0.75) return pick("demote", voters);
  return pick("remove", random.chance(0.8) ? voters : learners);
}

function applied({ voters, learners }: Configuration, { type, id }: MembershipChange): Configuration | undefined {
  const without = { voters: voters.filter((voter) => voter !== id), learners: learners.filter((each) => each !== id) };
  if (type === "promote") return { ...without, voters: [...without.voters, id] };
  if (type === "remove") return without;
  return { ...without, learners: [...without.learners, id] };
}
