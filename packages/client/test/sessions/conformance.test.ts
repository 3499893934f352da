// A machine with sessions under the suite that defines state machines.
import { stateMachineConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { encodeKeepAlive, encodeOpen, encodeSessionCommand } from "../../src/sessions/index.ts";
import { bytes, tallyWithSessions } from "./tally.ts";

stateMachineConformance(
  { describe, test },
  {
    name: "withSessions",
    newMachine: () => tallyWithSessions({ maxSessions: 3, expireAfterEntries: 20, maxInFlight: 4, maxAnswerBytes: 20 }),
    command: (random) => {
      const upTo = (most: number) => 1 + Math.floor(random() * most);
      const kind = upTo(6);
      if (kind === 1) return encodeOpen();
      if (kind === 2) return bytes("plain");
      if (kind === 3) return encodeKeepAlive({ session: upTo(30), acknowledgedBelow: upTo(3) });
      const sequence = upTo(6);
      const command = bytes(`${sequence}`.repeat(sequence));
      return encodeSessionCommand({ session: upTo(30), sequence, acknowledgedBelow: upTo(sequence), command });
    },
    queries: ["all"],
  },
);
