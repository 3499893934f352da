// A version of the code that nodes can run. A cluster of several rolls from one to another while clients and faults go on.

import type { Codec } from "@quorate/contracts";
import { RaftNode, type RaftNodeOptions } from "@quorate/node";

/** What a simulation needs of a running node, whichever version made it. */
export type SimulatedNode<Query, Answer, Result> = Pick<
  RaftNode<Query, Answer, Result>,
  "propose" | "query" | "changeMembership" | "transferLeadership" | "currentStatus" | "explain"
>;

/** One version of the code. */
export type Build = {
  /** How scripts and failures call it. */
  readonly name: string;
  /** `RaftNode.start` of this version. */
  readonly start: <Query, Answer, Result>(
    options: RaftNodeOptions<Query, Answer, Result>,
  ) => Promise<SimulatedNode<Query, Answer, Result>>;
  /**
   * How this version writes and reads messages: each is written by its sender's codec and read by its receiver's. Give one
   * to every build, or to none: then messages are handed over as they are.
   */
  readonly codec?: Codec;
  /** Whether a node that has run this version may be started with an earlier one again. Default true. */
  readonly goesBack?: boolean;
};

/** The version that this package depends on. */
export const presentBuild: Build = { name: "present", start: (options) => RaftNode.start(options) };

/** Throws a `RangeError` if these cannot be the builds of one cluster. */
export function checkBuilds(builds: readonly Build[]): void {
  if (builds.length === 0) throw new RangeError("builds is empty: give at least one, or leave it out");
  const names = builds.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new RangeError(`builds has a name twice: ${names.join(", ")}`);
  const mute = builds.filter(({ codec }) => codec === undefined).map(({ name }) => name);
  if (mute.length === 0 || mute.length === builds.length) return;
  throw new RangeError(
    `builds has some with a codec and some without (${mute.join(", ")}): give one to all or to none`,
  );
}
