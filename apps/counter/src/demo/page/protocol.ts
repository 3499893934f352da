// What the demo and its page say to each other: frames one way, commands the other. Types alone, because the page is built
// elsewhere and runs in a browser.

import type { Direction, LinkSettings } from "../network-plan.ts";
import type { Condition, Phase, WritePauses } from "../session.ts";
import type { ToldEvent } from "../story.ts";

/** How a node is. `starting` also is one that does not answer. */
export type NodeCondition = Condition | "starting";

/** A node as it says of itself, or, where it says nothing, as its process is. */
export type NodeState = {
  readonly id: string;
  /** Base address of its HTTP interface. */
  readonly url: string;
  readonly condition: NodeCondition;
  /** Absent while the node does not answer. */
  readonly status?: NodeReport;
};

/** What a node says of itself. */
export type NodeReport = {
  readonly role: string;
  readonly term: number;
  readonly leaderId?: string;
  readonly commitIndex: number;
  readonly lastApplied: number;
};

/** From a moment on a node was this; until the next change. */
export type LaneChange = {
  /** Monotonic, in ms, by the clock of the demo. */
  readonly atMs: number;
  readonly kind: "leads" | "campaigns" | "follows" | "away";
  readonly term: number;
};

/** What the faults of the network have done so far, in messages of all nodes. */
export type FaultTotals = {
  readonly lost: number;
  readonly doubled: number;
  readonly delayed: number;
  readonly overtaken: number;
  /** By cuts. */
  readonly keptAway: number;
};

/** How the proof ended. */
export type PageVerdict = {
  readonly holds: boolean;
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly problems: readonly string[];
};

/** Everything that the page shows. */
export type Sections = {
  readonly run: {
    /** Such as "3 nodes, tcp, file storage". */
    readonly title: string;
    readonly phase: Phase;
    /** How many more nodes may fail; -1: no majority works. */
    readonly spareNodes: number;
    /** Whether the demo has a terminal whose keys do the same as some buttons. */
    readonly hasKeys: boolean;
  };
  readonly nodes: readonly NodeState[];
  readonly links: readonly (Direction & LinkSettings)[];
  readonly faults: FaultTotals;
  /** The last minute of each node. */
  readonly lanes: readonly { readonly id: string; readonly changes: readonly LaneChange[] }[];
  /** The latest events, in the order of time. */
  readonly story: readonly ToldEvent[];
  readonly load: {
    readonly acknowledged: number;
    readonly underWay: number;
    /** Acknowledgements in each of the last 60 seconds, the latest last. */
    readonly perSecond: readonly number[];
    readonly pauses: WritePauses;
  };
  /** Null until somebody has ended the run. */
  readonly verdict: PageVerdict | null;
};

/**
 * What is new since the frame before. The first frame has every section; a later one only those that have changed, each as
 * a whole. A reader that is too slow misses frames, not news.
 */
export type Frame = Partial<Sections> & {
  /** 1, 2, 3 … in one stream. */
  readonly seq: number;
  /** When this was so; monotonic, in ms, by the clock of the demo. */
  readonly atMs: number;
};

/** What can be done to the network as a whole. */
export type NetworkPreset = "good" | "bad" | "cutOffLeader" | "splitMinority" | "heal";

/** What the page can ask for. */
export type Command =
  | { readonly type: "kill" | "pause" | "resume" | "restart"; readonly node: string }
  | { readonly type: "setLinks"; readonly links: readonly Direction[]; readonly settings: LinkSettings }
  | { readonly type: "preset"; readonly preset: NetworkPreset }
  /** Ends the load and proves that nothing was lost or done twice. */
  | { readonly type: "prove" };

/** Why a command was not carried out, as problem details. */
export type CommandProblem = { readonly title: string; readonly status: number; readonly detail: string };
