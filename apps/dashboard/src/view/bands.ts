// For each node, the stretches of time in which it was the same thing in the same term.

import type { NodeView } from "@quorate/simulator";
import type { ShownStep } from "../run/report.ts";

/** What a node was for a while. `away` is everything in which it does not take part. */
export type Band = {
  readonly kind: "leads" | "campaigns" | "follows" | "away";
  readonly term: number;
  readonly fromMs: number;
  readonly untilMs: number;
};

/** The bands of all nodes, in the order of their names. */
export function bandsOf(
  steps: readonly ShownStep[],
): readonly { readonly id: string; readonly bands: readonly Band[] }[] {
  const nodes = steps[0]?.nodes ?? [];
  const endMs = steps.at(-1)?.atMs ?? 0;
  return nodes.map(({ id }, position) => {
    const bands: Band[] = [];
    for (const { atMs, nodes: views } of steps) {
      const view = views[position];
      const last = bands.at(-1);
      if (view === undefined || (last?.kind === kindOf(view) && last.term === view.term)) continue;
      if (last !== undefined) bands[bands.length - 1] = { ...last, untilMs: atMs };
      bands.push({ kind: kindOf(view), term: view.term, fromMs: atMs, untilMs: endMs });
    }
    return { id, bands };
  });
}

function kindOf({ condition, status }: NodeView): Band["kind"] {
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
