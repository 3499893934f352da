// Test your state machine with the simulator in ten lines: whole clusters in virtual time, with lost messages, crashes and
// broken disks. Each seed is another history, and the same seed is the same history.

import { simulate } from "@quorate/simulator";
import { add, Counter } from "./counter.ts";

for (let seed = 1; seed <= 5; seed += 1) {
  const { committed, faults } = await simulate({
    seed,
    nodes: 3,
    stateMachine: () => new Counter(),
    workload: ({ random }) =>
      random() < 0.3 ? { f: "read", query: "value" } : { f: "add", value: 1, command: add(1) },
  });
  const injected = Object.values(faults).reduce((sum, count) => sum + count);
  console.log(`seed ${seed}: ${committed} commands, ${injected} faults, every law held`);
}
