// What somebody who watches a run is told: after every event in virtual time, what happened and how the nodes stand now. Watching
// changes nothing: it draws nothing from chance and plans no event.

import type { EntryId, Message, NodeId, TermRun } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
import type { Action } from "./faults/action.ts";
import type { Disk } from "./ports/disk.ts";
import type { LogImage } from "./ports/log-image.ts";
import type { Process } from "./ports/process.ts";
import { describeNote, type Note } from "./world/trace.ts";
import type { World } from "./world/world.ts";

/** One moment of a run in which something could be seen from outside. */
export type SimulationStep = {
  /** Virtual time in ms. */
  readonly atMs: number;
  /** What happened, in order; empty if a node changed by itself, as when a timer ran out. */
  readonly events: readonly StepEvent[];
  /** All nodes after it, spares included, in the order of their names. One that has not changed is the same object as before. */
  readonly nodes: readonly NodeView[];
};

/** One event. `text` is all of it in one line, without the time, as the trace of a failure has it. */
export type StepEvent = { readonly text: string } & (
  | { readonly type: "message"; readonly message: Message }
  /** A process begins or ends, or a node's disk was replaced by an empty one. */
  | { readonly type: "start" | "crash" | "wipe"; readonly nodeId: NodeId }
  | { readonly type: "fault"; readonly action: Action }
  /** The end of all faults. */
  | { readonly type: "heal" }
  /** A client calls a node. `operation` counts all calls of a run. */
  | { readonly type: "invoke"; readonly nodeId: NodeId; readonly operation: number; readonly call: string }
  /** How a call ended: answered, answered with a failed compare, nobody knows, or certainly without effect. */
  | {
      readonly type: "ok" | "fail" | "info" | "refused";
      readonly client: string;
      /** Where the state stood; undefined if nothing was learnt. */
      readonly index: number | undefined;
    }
);

/** A node from outside. */
export type NodeView = {
  readonly id: NodeId;
  /** `starting` does not serve yet; `failed` has given up, for example on a broken disk; `lost` cannot or may not come back. */
  readonly condition: "running" | "paused" | "starting" | "failed" | "down" | "lost";
  /** Of the running node, or what its disk has. */
  readonly term: number;
  readonly votedFor: NodeId | undefined;
  /** Undefined unless a node runs. */
  readonly status: Pick<NodeStatus, "role" | "leaderId" | "commitIndex" | "lastApplied"> | undefined;
  /** What the process sees of its log; a crash may lose the end of it. */
  readonly log: {
    /** The last entry that a snapshot has taken the place of; index 0 if there is none. */
    readonly base: EntryId;
    readonly lastIndex: number;
    /** Where each term begins behind the base. */
    readonly termRuns: readonly TermRun[];
  };
};

/** What a view needs of a machine. */
export type ViewedMachine = {
  readonly id: NodeId;
  readonly process: Pick<Process, "isPaused"> | undefined;
  readonly status: NodeStatus | undefined;
  readonly disk: Pick<Disk, "failure">;
  readonly isLost: boolean;
  readonly log: LogImage;
};

/** Calls `onStep` after every event that can be seen from outside. */
export function watch(options: {
  readonly world: World;
  readonly machines: readonly ViewedMachine[];
  readonly onStep: (step: SimulationStep) => void;
}): void {
  const { world, machines, onStep } = options;
  let events: StepEvent[] = [];
  let nodes: readonly NodeView[] = [];
  world.trace.onNote = (note) => events.push(eventOf(note));
  world.onPause = () => {
    const next = machines.map((machine, position) => changed(nodes[position], viewOf(machine)));
    if (events.length === 0 && next.every((node, position) => node === nodes[position])) return;
    nodes = next;
    onStep({ atMs: world.nowMs, events, nodes });
    events = [];
  };
}

function eventOf(note: Note): StepEvent {
  const { kind, subject, number, detail } = note;
  const text = describeNote(note);
  switch (kind) {
    case "start":
    case "crash":
    case "wipe":
      return { type: kind, nodeId: subject, text };
    case "fault":
      // What the nemesis and the network note under these kinds is the action, and the message.
      return { type: "fault", action: detail as Action, text };
    case "heal":
      return { type: "heal", text };
    case "invoke":
      return { type: "invoke", nodeId: subject, operation: number, call: String(detail).trim(), text };
    case "ok":
    case "fail":
    case "info":
    case "refused":
      return { type: kind, client: subject, index: number === 0 ? undefined : number, text };
    default:
      return { type: "message", message: detail as Message, text };
  }
}

function viewOf(machine: ViewedMachine): NodeView {
  const { id, log } = machine;
  const condition = conditionOf(machine);
  const status = condition === "running" || condition === "paused" ? machine.status : undefined;
  const { term, votedFor } = status ?? log.hardState;
  const { base, lastIndex, termRuns } = log.load().log;
  return { id, condition, term, votedFor, status: status && pick(status), log: { base, lastIndex, termRuns } };
}

/** From what is known of the latest turn: to ask the node itself would read its clock, and so change the run. */
function conditionOf({ process, status, disk, isLost }: ViewedMachine): NodeView["condition"] {
  if (isLost) return "lost";
  if (process === undefined) return "down";
  if (disk.failure !== undefined || status?.state === "failed") return "failed";
  if (status === undefined) return "starting";
  return process.isPaused ? "paused" : "running";
}

function pick({ role, leaderId, commitIndex, lastApplied }: NodeStatus): NodeView["status"] {
  return { role, leaderId, commitIndex, lastApplied };
}

/** The view before if nothing has changed. */
function changed(before: NodeView | undefined, now: NodeView): NodeView {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now;
}
