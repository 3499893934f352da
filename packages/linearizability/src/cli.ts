#!/usr/bin/env node
// The command `linearizability`: reads a history file, prints the verdict, and says it in its exit code.

import { runCli } from "./cli-run.ts";

// A reader that has seen enough, such as head, must not change the exit code.
process.stdout.on("error", () => {});

process.exitCode = runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
});
