// The simulator runs in a browser too: nothing that its entry point reaches may need Node. The command may.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const require = createRequire(import.meta.url);
const source = join(import.meta.dirname, "../src");

/** The sources of another package of the workspace, by what its manifest says. */
function sourceOf(specifier: string): string {
  const [scope = "", name = "", ...path] = specifier.split("/");
  const manifest = require.resolve(`${scope}/${name}/package.json`);
  const { exports } = JSON.parse(readFileSync(manifest, "utf8")) as {
    exports: Record<string, { readonly "quorate-source": string }>;
  };
  return join(dirname(manifest), exports[[".", ...path].join("/")]?.["quorate-source"] ?? "missing");
}

/** Everything that a file imports from outside the workspace, directly or through others; types do not count. */
function outsideOf(file: string, seen: Set<string> = new Set()): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const statements = readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type\b)[^;]*?from "([^"]+)";/gms);
  return [...statements].flatMap(([, specifier = ""]) => {
    if (specifier.startsWith(".")) return outsideOf(join(dirname(file), specifier), seen);
    if (specifier.startsWith("@quorate/")) return outsideOf(sourceOf(specifier), seen);
    return [specifier];
  });
}

test("what the entry point imports needs no Node", () => {
  const seen = new Set<string>();
  expect(outsideOf(join(source, "index.ts"), seen)).toEqual([]);
  expect(
    [...seen].some((file) => file.includes("core/src/raft.ts")),
    "the core was looked at",
  ).toBe(true);
});

test("the command does, and is seen to", () => {
  expect(outsideOf(join(source, "cli.ts"))).toContain("node:worker_threads");
});
