// Where the server's entry point is: next to the demo, built or as source.

import { fileURLToPath } from "node:url";
import type { ServerCommand } from "./node-process.ts";

/** The command that runs this very installation's server. */
export function serverCommand(): ServerCommand {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = fileURLToPath(new URL(isSource ? "../bin.ts" : "../bin.js", import.meta.url));
  return isSource ? [process.execPath, "--conditions=quorate-source", entry] : [process.execPath, entry];
}
