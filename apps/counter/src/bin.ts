#!/usr/bin/env node
// The entry point of the command `quorate`.

import { runCli } from "./cli/program.ts";
import { packageVersion } from "./version.ts";

const exitCode = await runCli(
  process.argv.slice(2),
  {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    env: process.env,
    isTerminal: process.stdout.isTTY,
    startNode: async (file, flags) => {
      // Loaded only here: the other commands need neither the server nor its adapters.
      const { startNode } = await import("./cli/start-node.ts");
      return startNode(file, flags, (text) => process.stderr.write(text));
    },
  },
  packageVersion(),
);
process.exitCode = exitCode;
