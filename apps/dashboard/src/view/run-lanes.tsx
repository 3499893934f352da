// The whole run at a glance: what each node was when, and where faults happened.

import { useComputed } from "@preact/signals";
import type { NodeView } from "@quorate/simulator";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Playground } from "../playground/playground.ts";
import type { FinishedRun, ShownStep } from "../run/report.ts";
import { type Band, type BandKind, bandsOf } from "./bands.ts";
import { Lanes } from "./lanes.tsx";

/** The lanes of a run; the slider below does the same for the keyboard, and the log says the same in words. */
export function RunLanes(props: { readonly playground: Playground; readonly run: FinishedRun }): JSX.Element {
  const { playground, run } = props;
  const { steps, script } = run;
  const lanes = useMemo(() => lanesOf(steps), [run]);
  const fromMs = steps[0]?.atMs ?? 0;
  const cursorMs = useComputed(() => playground.step.value?.atMs ?? 0);
  return (
    <Lanes
      lanes={lanes}
      marks={script.map(({ atMs }) => atMs)}
      fromMs={fromMs}
      untilMs={steps.at(-1)?.atMs ?? fromMs}
      cursorMs={cursorMs}
      onSeek={(atMs) => playground.seekTime(atMs)}
    />
  );
}

/** The lanes of a run, in the order of the nodes' names. */
export function lanesOf(
  steps: readonly ShownStep[],
): readonly { readonly id: string; readonly bands: readonly Band[] }[] {
  const endMs = steps.at(-1)?.atMs ?? 0;
  return (steps[0]?.nodes ?? []).map(({ id }, position) => {
    const changes = steps.flatMap(({ atMs, nodes }) => {
      const view = nodes[position];
      return view === undefined ? [] : [{ atMs, kind: kindOf(view), term: view.term }];
    });
    return { id, bands: bandsOf(changes, endMs) };
  });
}

function kindOf({ condition, status }: NodeView): BandKind {
  if (condition !== "running" || status === undefined) return "away";
  switch (status.role) {
    case "leader":
      return "leads";
    case "candidate":
    case "preCandidate":
      return "campaigns";
    case "follower":
      return "follows";
  }
}
