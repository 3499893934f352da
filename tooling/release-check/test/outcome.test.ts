// The table shows every package and check, and says what is wrong below.
import { expect, test } from "vitest";
import { describeOutcomes } from "../src/outcome.ts";

test("each package has its row and each check its column", () => {
  const outcomes = [
    { packageName: "@quorate/core", check: "files", problems: [] },
    { packageName: "@quorate/core", check: "runs", problems: ["exit code 1"] },
    { packageName: "@quorate/node", check: "files", problems: [] },
  ];
  expect(describeOutcomes(outcomes).split("\n")).toEqual([
    "package        files  runs",
    "@quorate/core  ok     FAILED",
    "@quorate/node  ok     -",
    "",
    "✗ @quorate/core, runs: exit code 1",
  ]);
});
