// Embed a replicated state machine: nine lines of state machine, twenty around it. Three servers, here in one process, have
// one counter; on real servers each process starts one node, with a storage and a transport that reach further.

import type { CommittedCommand } from "@quorate/contracts";
import { memoryLogStorage, memoryNetwork } from "@quorate/memory";
import { RaftNode } from "@quorate/node";
import { leaderOf } from "./leader.ts";

function counter() {
  let value = 0;
  return {
    apply: (batch: readonly CommittedCommand[]) => batch.map(() => (value += 1)),
    query: () => value,
    snapshot: () => new TextEncoder().encode(String(value)),
    restore: (snapshot: Uint8Array) => void (value = Number(new TextDecoder().decode(snapshot))),
  };
}

const voters = ["n1", "n2", "n3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  voters.map((nodeId) =>
    RaftNode.start({
      clusterId: "embedded",
      nodeId,
      configuration: { voters, learners: [] },
      storage: memoryLogStorage(),
      transport: network.transport(nodeId),
      stateMachine: counter(),
    }),
  ),
);
const leader = await leaderOf(nodes);
const { result, index } = await leader.propose(new TextEncoder().encode("increment"));
console.log(`committed at index ${index}: the counter is ${result}`);
for (const node of nodes) {
  const { answer } = await node.query("value", { consistency: "stale", minIndex: index });
  console.log(`${node.currentStatus().id} has ${answer}`);
}
await Promise.all(nodes.map((node) => node.close()));
