// Where the programs that nodes run are: next to the demo, built or as source.

import { fileURLToPath } from "node:url";
import type { ServerCommand } from "./node-process.ts";

/** The command that runs this very installation's server. */
export function serverCommand(): ServerCommand {
  return commandFor("../bin");
}

/** The same server over a network that the demo can spoil, see `Cluster.setNetwork`. */
export function demoNodeCommand(): ServerCommand {
  return commandFor("./node");
}

function commandFor(program: string): ServerCommand {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = fileURLToPath(new URL(`${program}.${isSource ? "ts" : "js"}`, import.meta.url));
  return isSource ? [process.execPath, "--conditions=quorate-source", entry] : [process.execPath, entry];
}
