// Who leads, as far as the nodes say.

import type { NodeReport, NodeState } from "@quorate/counter/demo/page/protocol";

/** The leader of the highest term: one that was deposed may not know it yet. */
export function leaderOf(nodes: readonly NodeState[]): (NodeState & { readonly status: NodeReport }) | undefined {
  return nodes
    .filter((node): node is NodeState & { readonly status: NodeReport } => node.status?.role === "leader")
    .toSorted((a, b) => b.status.term - a.status.term)[0];
}
