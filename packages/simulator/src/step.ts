// What somebody who watches a run is told: after every event in virtual time, what happened and how the nodes stand now. Watching
// changes nothing: it draws nothing from chance and plans no event.

import type { EntryId, NodeId, TermRun } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
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

/** One event, as the trace of a failure has it. */
export type StepEvent = {
  /** The type of a message that arrives, or `start`, `crash`, `wipe`, `fault`, `heal`, `invoke`, `ok`, `fail`, `info`, `refused`. */
  readonly kind: string;
  /** Whom it concerns: a node, a client, or for `fault` which one. */
  readonly subject: string;
  /** The message; for `fault` the action; otherwise a number or a text. */
  readonly detail: unknown;
  /** All of it as one line of text, without the time. */
  readonly text: string;
};

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
  const { kind, subject, detail } = note;
  return { kind, subject, detail, text: describeNote(note) };
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
