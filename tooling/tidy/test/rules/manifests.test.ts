// Each promise of a published manifest is checked on its own.
import { expect, test } from "vitest";
import { manifests } from "../../src/rules/manifests.ts";
import { findingsIn } from "../fixtures.ts";

const good = {
  name: "@quorate/core",
  description: "Raft as a function.",
  type: "module",
  license: "MIT",
  engines: { node: ">=22.12" },
  publishConfig: { access: "public", exports: { ".": "./dist/index.js" } },
  dependencies: { "@quorate/contracts": "workspace:^", msgpackr: "catalog:" },
};

function check(fields: object, license = "MIT License") {
  return findingsIn(manifests, {
    LICENSE: "MIT License",
    "packages/core/LICENSE": license,
    "packages/core/package.json": JSON.stringify({ ...good, ...fields }),
  });
}

test("a complete manifest is accepted", () => {
  expect(check({})).toEqual([]);
});

test.each([
  { name: "@quorate/heart" },
  { type: "commonjs" },
  { license: "ISC" },
  { engines: { node: ">=18" } },
  { description: undefined },
  { publishConfig: undefined },
  { publishConfig: { access: "public", exports: { ".": { "quorate-source": "./src/index.ts" } } } },
  { dependencies: { msgpackr: "^2.1.3" } },
  { scripts: { postinstall: "node x.js" } },
])("%j is refused", (fields) => {
  expect(check(fields)).toHaveLength(1);
});

test("another licence text is refused", () => {
  expect(check({}, "All rights reserved")).toHaveLength(1);
});
