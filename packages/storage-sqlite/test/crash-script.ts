// A program that does everything a log can do, one call at a time, and says before and after each call what it is about: whoever
// watches its system calls knows at every moment which calls were acknowledged.

import { writeSync } from "node:fs";
import { LogEngine } from "../src/log-engine.ts";
import type { LogOperation } from "../src/log-protocol.ts";
import { packEntries } from "../src/log-protocol.ts";
import { crashSteps } from "./crash-steps.ts";

const directory = process.argv[2] ?? "";
const say = (line: string): void => void writeSync(1, `${line}\n`);
let engine = new LogEngine({ directory });
engine.load();
say("done 0");
for (const [position, step] of crashSteps.entries()) {
  say(`call ${position + 1}`);
  if (step === "reopen") {
    engine.close();
    engine = new LogEngine({ directory });
    engine.load();
  } else if (step === "seal") engine.run([{ type: "seal" }]);
  else engine.run([operationOf(step)]);
  say(`done ${position + 1}`);
}
engine.close();

function operationOf(step: Exclude<(typeof crashSteps)[number], string>): LogOperation {
  if ("base" in step) return { type: "compact", base: step.base, keepsEntries: step.keepsEntries };
  const { hardState, truncateFrom, entries } = step.write;
  return { type: "write", hardState, truncateFrom, entries: packEntries(entries) };
}
