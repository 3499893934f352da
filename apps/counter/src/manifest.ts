// What the manifest of this package says, read at run time: a copy in the source would be wrong after the next release.

import { createRequire } from "node:module";

/** The version of this package, and the versions of Node that it runs on. */
export function manifest(): { readonly version: string; readonly node: string } {
  // The package is published together with its manifest, and a test reads it.
  const { version, engines } = createRequire(import.meta.url)("../package.json") as {
    readonly version: string;
    readonly engines: { readonly node: string };
  };
  return { version, node: engines.node };
}
