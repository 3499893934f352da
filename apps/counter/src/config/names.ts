// Just the names in a configuration file, for commands that need no more of it.

import { loadRaw } from "./load.ts";

/** The cluster's name and the ids of its members, as far as they are there. */
export function loadConfigNames(file: string): {
  readonly cluster: string | undefined;
  readonly nodes: readonly string[] | undefined;
} {
  const { cluster, members } = loadRaw(file);
  return {
    cluster: typeof cluster === "string" ? cluster : undefined,
    nodes: typeof members === "object" && members !== null ? Object.keys(members) : undefined,
  };
}
