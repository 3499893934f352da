// Reads the builds that somebody wants to mix from a module of theirs.

import type { Build } from "./builds/build.ts";

/** The option `builds` of `simulate`, from the module at a URL; nothing without one. */
export async function loadBuilds(url: string | undefined): Promise<{ readonly builds?: readonly Build[] }> {
  if (url === undefined) return {};
  const module: unknown = await import(url);
  if (typeof module !== "object" || module === null || !("builds" in module) || !Array.isArray(module.builds)) {
    throw new RangeError(`${url} exports no list "builds"`);
  }
  // `simulate` checks the list as a whole; what a build starts is its author's affair.
  return { builds: module.builds as readonly Build[] };
}
