// Waiting for a leader among nodes that run in one process. On its own server, a program asks `currentStatus().leaderId`.

import type { RaftNode } from "@quorate/node";

/** The first of the nodes that leads. */
export function leaderOf<Query, Answer, Result>(
  nodes: readonly RaftNode<Query, Answer, Result>[],
): Promise<RaftNode<Query, Answer, Result>> {
  return Promise.any(
    nodes.map(async (node) => {
      for await (const { role } of node.status()) if (role === "leader") return node;
      throw new Error("closed before it was elected");
    }),
  );
}
