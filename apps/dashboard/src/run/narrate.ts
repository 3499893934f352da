// Turns a step of the simulator into lines that somebody can read: what happened, and what changed in the nodes because of it.

import type { NodeView, SimulationStep, StepEvent } from "@quorate/simulator";
import { describeAction } from "./describe-action.ts";
import { describeMessage } from "./describe-message.ts";
import type { Arrow, Line, ShownStep } from "./report.ts";

/** The step with its story. `before` are the nodes as they stood in the step before. */
export function narrate({ atMs, events, nodes }: SimulationStep, before: readonly NodeView[]): ShownStep {
  const changes = nodes.flatMap((node, position) => {
    const previous = before[position];
    return previous === undefined || previous === node ? [] : changesOf(previous, node);
  });
  // A fault is noted after what it has done at once; as the cause, it is told first.
  const told = [...events].toSorted((a, b) => Number(b.type === "fault") - Number(a.type === "fault"));
  return { atMs, lines: [...told.map(lineOf), ...changes], arrows: events.flatMap(arrowOf), nodes };
}

/** Whether somebody who steps through the story wants to stop here: something went wrong, or somebody changed role. */
export function isLandmark({ lines }: ShownStep): boolean {
  return lines.some(({ kind }) => kind === "fault" || kind === "role" || kind === "node" || kind === "broken");
}

/** Whether nothing happens but what happens all the time. */
export function isRoutine({ lines }: ShownStep): boolean {
  return lines.every(({ kind }) => kind === "heartbeat");
}

function lineOf(event: StepEvent): Line {
  switch (event.type) {
    case "message":
      return describeMessage(event.message);
    case "start":
      return { kind: "node", text: `${event.nodeId} starts` };
    case "crash":
      return { kind: "node", text: `${event.nodeId} goes down` };
    case "wipe":
      return { kind: "node", text: `${event.nodeId} gets an empty disk` };
    case "fault":
      return { kind: "fault", text: `Fault: ${describeAction(event.action)}` };
    case "heal":
      return { kind: "fault", text: "All faults end" };
    case "invoke":
      return { kind: "client", text: `A client asks ${event.nodeId}: ${event.call} (operation ${event.operation})` };
    case "ok":
      return { kind: "client", text: `${event.client} is answered${at(event.index)}` };
    case "fail":
      return { kind: "client", text: `${event.client} is answered: the comparison failed${at(event.index)}` };
    case "info":
      return { kind: "client", text: `${event.client} does not learn whether its operation took effect` };
    case "refused":
      return { kind: "client", text: `${event.client} is refused: the operation had no effect` };
  }
}

function at(index: number | undefined): string {
  return index === undefined ? "" : `, state at index ${index}`;
}

function arrowOf(event: StepEvent): readonly Arrow[] {
  if (event.type !== "message") return [];
  const { from, to } = event.message;
  return [{ from, to }];
}

function changesOf(before: NodeView, now: NodeView): readonly Line[] {
  return [...conditionChange(before, now), ...roleChange(before, now), ...logChanges(before, now)];
}

function conditionChange(before: NodeView, now: NodeView): readonly Line[] {
  if (before.condition === now.condition) return [];
  switch (now.condition) {
    case "paused":
      return [{ kind: "node", text: `${now.id} stands still` }];
    case "running":
      return [{ kind: "node", text: before.condition === "paused" ? `${now.id} goes on` : `${now.id} serves` }];
    case "failed":
      return [{ kind: "node", text: `${now.id} gives up: its disk has failed` }];
    case "lost":
      return [{ kind: "node", text: `${now.id} cannot come back as it is` }];
    // There is an event for each of these.
    case "starting":
    case "down":
      return [];
  }
}

function roleChange(before: NodeView, now: NodeView): readonly Line[] {
  const { id, term, status, votedFor } = now;
  const lines: Line[] = [];
  if (status !== undefined && before.status !== undefined && status.role !== before.status.role) {
    lines.push({ kind: "role", text: `${id} becomes ${roleNames[status.role]} in term ${term}` });
  } else if (term !== before.term) {
    lines.push({ kind: "log", text: `${id} is now in term ${term}` });
  }
  const isNewVote = votedFor !== undefined && (votedFor !== before.votedFor || term !== before.term);
  if (isNewVote && votedFor !== id) lines.push({ kind: "log", text: `${id} votes for ${votedFor} in term ${term}` });
  const leaderId = status?.leaderId;
  if (leaderId !== undefined && leaderId !== id && leaderId !== before.status?.leaderId) {
    lines.push({ kind: "log", text: `${id} follows ${leaderId}` });
  }
  return lines;
}

/** Names of the roles in words. */
export const roleNames = {
  follower: "follower",
  preCandidate: "pre-candidate",
  candidate: "candidate",
  leader: "leader",
} as const;

function logChanges(before: NodeView, now: NodeView): readonly Line[] {
  const { id, log, status } = now;
  const lines: Line[] = [];
  const say = (text: string): void => void lines.push({ kind: "log", text: `${id} ${text}` });
  if (log.lastIndex < before.log.lastIndex) say(`removes entries from ${log.lastIndex + 1} on`);
  if (log.lastIndex > before.log.lastIndex) say(`has entries up to ${log.lastIndex}`);
  if (log.base.index > before.log.base.index) say(`keeps a snapshot instead of entries up to ${log.base.index}`);
  const committed = status?.commitIndex;
  if (committed !== undefined && before.status !== undefined && committed > before.status.commitIndex) {
    say(`knows entries up to ${committed} to be committed`);
  }
  const applied = status?.lastApplied;
  if (applied !== undefined && before.status !== undefined && applied > before.status.lastApplied) {
    say(`has applied entries up to ${applied}`);
  }
  return lines;
}
