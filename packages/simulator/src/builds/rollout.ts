// Which node runs which build, and whether two builds have to agree for anything to happen.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
import type { ObservedNode } from "../checkers/checker.ts";
import { isQuorum } from "../checkers/configurations.ts";
import type { ReachedCounters } from "../reached.ts";
import type { SeededRandom } from "../world/random.ts";
import type { Build } from "./build.ts";

/** How often a node goes to a later build rather than back to an earlier one. */
const FORWARD_SHARE = 0.65;

/** The builds of a cluster, oldest first. All nodes begin with the oldest. */
export class Rollout {
  readonly #builds: readonly [Build, ...Build[]];
  readonly #counters: ReachedCounters;
  readonly #running = new Map<NodeId, Build>();

  constructor([oldest, ...later]: readonly Build[], counters: ReachedCounters) {
    if (oldest === undefined) throw new RangeError("a cluster without a build");
    this.#builds = [oldest, ...later];
    this.#counters = counters;
  }

  get names(): readonly string[] {
    return this.#builds.map(({ name }) => name);
  }

  /** What a node runs, or will run at its next start. */
  buildOf(id: NodeId): Build {
    return this.#running.get(id) ?? this.#builds[0];
  }

  /** Another build that a node may be started with; undefined if there is none. */
  draw(id: NodeId, random: SeededRandom): string | undefined {
    const place = this.#builds.indexOf(this.buildOf(id));
    const later = this.#builds.slice(place + 1);
    // A node may have run any build up to its own.
    const noReturn = this.#builds.findLastIndex(({ goesBack }, at) => at <= place && goesBack === false);
    const earlier = this.#builds.slice(Math.max(0, noReturn), place);
    const goesForward = random.chance(FORWARD_SHARE);
    const wished = goesForward ? later : earlier;
    const possible = wished.length > 0 ? wished : goesForward ? earlier : later;
    return possible.length === 0 ? undefined : random.pick(possible).name;
  }

  /** The node's next start is with this build. False if there is none of that name. */
  assign(id: NodeId, name: string): boolean {
    const build = this.#builds.find((each) => each.name === name);
    if (build === undefined) return false;
    if (this.#builds.indexOf(build) < this.#builds.indexOf(this.buildOf(id))) this.#counters.rollbacks += 1;
    this.#running.set(id, build);
    return true;
  }

  /** A turn of a node is over; `node.status` is that of the turn before. */
  look({ id, status: before }: ObservedNode, status: NodeStatus): void {
    if (this.#builds.length === 1 || status.role !== "leader") return;
    const isNew = before?.role !== "leader" || before.term !== status.term;
    const commits = status.commitIndex > (before?.commitIndex ?? 0);
    if ((!isNew && !commits) || !this.#needsOthers(id, status.configuration)) return;
    if (isNew) this.#counters.mixedElections += 1;
    if (commits) this.#counters.mixedCommits += 1;
  }

  /** True if too few voters run the build of this one to decide alone. */
  #needsOthers(id: NodeId, configuration: Configuration): boolean {
    return !isQuorum(configuration, (voter) => this.buildOf(voter) === this.buildOf(id));
  }
}
