// Which version of the package this is.

import { createRequire } from "node:module";

/** The version in this package's manifest. */
export function packageVersion(): string {
  // Read at run time: a copy in the source would be wrong after the next release.
  const manifest: unknown = createRequire(import.meta.url)("../package.json");
  const hasVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return hasVersion ? String(manifest.version) : "unknown";
}
