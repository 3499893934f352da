// The service's state machine under the suite that defines state machines.
import { stateMachineConformance } from "@quorate/contracts/conformance";
import * as fc from "fast-check";
import { describe, test } from "vitest";
import { CounterMachine, encodeCommand } from "../../src/index.ts";
import { anyCommand } from "./commands.ts";

const commands = fc.sample(anyCommand, { numRuns: 300, seed: 1 });

stateMachineConformance(
  { describe, test },
  {
    name: "CounterMachine",
    newMachine: () => new CounterMachine({ maxKeys: 3, maxBytes: 10_000 }),
    command: (random) => {
      const command = commands[Math.floor(random() * commands.length)];
      if (command === undefined || random() < 0.05) return Uint8Array.of(99);
      return encodeCommand(command, random() < 0.5 ? `key-${Math.floor(random() * 5)}` : undefined);
    },
    queries: ["a", "b", "c"].flatMap((name) => [
      { type: "counter", name } as const,
      { type: "register", key: name } as const,
    ]),
  },
);
