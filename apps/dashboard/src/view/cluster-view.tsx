// The simulated cluster in the step that is shown. The table of nodes says the same in words.

import type { NodeView } from "@quorate/simulator";
import type { JSX } from "preact";
import type { Playground } from "../playground/playground.ts";
import { cutsOf } from "../run/describe-action.ts";
import { roleNames } from "../run/narrate.ts";
import type { Arrow, FinishedRun } from "../run/report.ts";
import { ClusterRing, type RingNode } from "./cluster-ring.tsx";

/** The cluster of a run. */
export function ClusterView({
  playground,
  run,
}: {
  readonly playground: Playground;
  readonly run: FinishedRun;
}): JSX.Element {
  const step = playground.step.value;
  const nodes = (step?.nodes ?? []).map(ringNodeOf);
  return <ClusterRing nodes={nodes} cuts={cutAt(run, step?.atMs ?? 0)} arrows={step?.arrows ?? []} />;
}

function ringNodeOf(node: NodeView): RingNode {
  const { id, term, condition, status } = node;
  return {
    id,
    term,
    shape: shapeOf(node),
    word: status === undefined || condition === "paused" ? condition : roleNames[status.role],
    follows: condition === "running" ? status?.leaderId : undefined,
  };
}

function shapeOf({ condition, status }: NodeView): RingNode["shape"] {
  if (status === undefined || condition !== "running") return "away";
  if (status.role === "leader" || status.role === "follower") return status.role;
  return "candidate";
}

/** The links that an action of the script has cut; all are whole again when the faults end. */
function cutAt({ script, settings }: FinishedRun, atMs: number): readonly Arrow[] {
  if (atMs >= settings.durationMs) return [];
  const names = script.flatMap((action) => {
    const cut = cutsOf(action);
    return cut !== undefined && action.atMs <= atMs && atMs < action.atMs + cut.forMs ? cut.links : [];
  });
  return [...new Set(names)].map((name) => {
    const [from = "", to = ""] = name.split(">");
    return { from, to };
  });
}
