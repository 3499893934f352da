// Which Node a node of the cluster needs. Older ones start, and fail later at something that they do not have.

import { manifest } from "./manifest.ts";

/** What is wrong with this Node, or undefined if it will do. Versions are dotted numbers, `wanted` may begin with `>=`. */
export function nodeVersionProblem(found: string, wanted: string = manifest().node): string | undefined {
  const [foundMajor = 0, foundMinor = 0] = found.split(".").map(Number);
  const [major = 0, minor = 0] = wanted.replace(/^\D+/, "").split(".").map(Number);
  if (foundMajor > major || (foundMajor === major && foundMinor >= minor)) return undefined;
  return `a node of the cluster needs Node ${wanted}, and this is Node ${found}`;
}
