// The command line as a process: arguments, environment, streams and exit code.

import type { Transport } from "@quorate/contracts";
import { manifest } from "../manifest.ts";
import { nodeVersionProblem } from "../node-version.ts";
import { UsageError } from "./failure.ts";
import { runCli } from "./program.ts";

/** Runs the command of this process. A node that it starts gets its transport through `wrap`. */
export async function runProcess(wrap: (transport: Transport) => Transport): Promise<void> {
  process.exitCode = await runCli(
    process.argv.slice(2),
    {
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
      env: process.env,
      isTerminal: process.stdout.isTTY,
      startNode: async (file, flags) => {
        const problem = nodeVersionProblem(process.versions.node);
        if (problem !== undefined)
          throw new UsageError(problem, "Start it with a newer Node; the other commands run on this one.");
        // Loaded only here: the other commands need neither the server nor its adapters.
        const { startNode } = await import("./start-node.ts");
        return startNode(file, flags, { tell: (text) => process.stderr.write(text), wrap });
      },
    },
    manifest().version,
  );
}
