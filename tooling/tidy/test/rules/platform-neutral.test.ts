// Packages for every platform stay free of Node's modules; the others may use them.
import { expect, test } from "vitest";
import { platformNeutral } from "../../src/rules/platform-neutral.ts";
import { findingsIn, manifest } from "../fixtures.ts";

function check(path: string, text = 'import { open } from "node:fs/promises";') {
  const folder = path.split("/").slice(0, 2).join("/");
  return findingsIn(platformNeutral, { [`${folder}/package.json`]: manifest("any"), [path]: text });
}

test.each([
  "packages/storage-file/src/a.ts",
  "packages/client/src/server/listen.ts",
  "packages/linearizability/src/cli.ts",
  "packages/core/test/a.test.ts",
  "apps/counter/src/a.ts",
])("%s may use Node's modules", (path) => {
  expect(check(path)).toEqual([]);
});

test.each(["core", "contracts", "node", "memory", "simulator", "linearizability", "client"])(
  "the sources of %s may not use Node's modules",
  (name) => {
    expect(check(`packages/${name}/src/a.ts`)).toEqual([expect.stringContaining(`packages/${name}/src/a.ts:1 `)]);
  },
);

test("the old spelling of Node's modules is found too", () => {
  expect(check("packages/core/src/a.ts", 'import { open } from "fs";')).toHaveLength(1);
});
