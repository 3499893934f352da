// An old Node is told about before anything is started.
import { expect, test } from "vitest";
import { manifest } from "../src/manifest.ts";
import { nodeVersionProblem } from "../src/node-version.ts";

test("a Node as new as the manifest demands will do", () => {
  expect(nodeVersionProblem("22.13.0", ">=22.13")).toBeUndefined();
  expect(nodeVersionProblem("26.0.1", ">=22.13")).toBeUndefined();
});

test.each(["20.20.2", "22.12.9"])("Node %s is too old, and the text names both versions", (found) => {
  expect(nodeVersionProblem(found, ">=22.13")).toBe(
    `a node of the cluster needs Node >=22.13, and this is Node ${found}`,
  );
});

test("the manifest names the versions of Node", () => {
  expect(manifest().node).toMatch(/^>=\d+\.\d+$/);
  expect(nodeVersionProblem(process.versions.node)).toBeUndefined();
});
