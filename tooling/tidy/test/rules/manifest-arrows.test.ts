// A package that reaches for a package above or beside it is refused at its manifest.
import { expect, test } from "vitest";
import { manifestArrows } from "../../src/rules/manifest-arrows.ts";
import { findingsIn, manifest, type ManifestFields } from "../fixtures.ts";

function check(folder: string, fields: ManifestFields) {
  const name = folder.split("/")[1] ?? "";
  return findingsIn(manifestArrows, {
    "packages/core/package.json": manifest("core"),
    [`${folder}/package.json`]: manifest(name, fields),
  });
}

test.each([
  ["packages/core", { devDependencies: ["vitest", "fast-check", "@types/node"] }],
  ["packages/contracts", { dependencies: ["@quorate/core"] }],
  ["packages/node", { dependencies: ["@quorate/core", "@quorate/contracts"], devDependencies: ["@quorate/memory"] }],
  ["packages/codec-msgpack", { dependencies: ["@quorate/contracts", "msgpackr"] }],
  ["apps/counter", { dependencies: ["@quorate/core", "hono", "pino"] }],
])("%s may depend on %j", (folder, fields) => {
  expect(check(folder, fields)).toEqual([]);
});

test.each([
  ["packages/core", { dependencies: ["@quorate/contracts"] }],
  ["packages/core", { devDependencies: ["@quorate/memory"] }],
  ["packages/core", { dependencies: ["left-pad"] }],
  ["packages/core", { devDependencies: ["left-pad"] }],
  ["packages/contracts", { dependencies: ["@quorate/node"] }],
  ["packages/node", { dependencies: ["@quorate/memory"] }],
  ["packages/node", { devDependencies: ["@quorate/storage-file"] }],
  ["packages/storage-file", { dependencies: ["@quorate/memory"] }],
  ["packages/storage-file", { devDependencies: ["@quorate/node"] }],
  ["packages/transport-nats", { dependencies: ["@quorate/codec-msgpack"] }],
  ["packages/codec-msgpack", { dependencies: ["@quorate/contracts", "msgpackr", "left-pad"] }],
  ["packages/memory", { dependencies: ["@quorate/contracts", "left-pad"] }],
])("%s may not depend on %j", (folder, fields) => {
  expect(check(folder, fields)).toHaveLength(1);
});

test("a package that the design does not know is asked for its arrows", () => {
  expect(check("packages/surprise", {})).toEqual([
    "packages/surprise/package.json:1 this package has no place in the design: " +
      "give it its arrows in tooling/tidy/src/arrows.ts",
  ]);
});

test("a finding points at the dependency's line", () => {
  expect(check("packages/core", { dependencies: ["left-pad"] })[0]).toMatch(/^packages\/core\/package\.json:4 /);
});
