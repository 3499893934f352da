// The house rules, applied to this repository.
import { expect, test } from "vitest";
import { root } from "../../checks/src/workspace.ts";
import { allowList } from "../allow-list.ts";
import { allRules } from "../src/all-rules.ts";
import { checkAllowances, judge } from "../src/allow-list.ts";
import { readRepository } from "../src/read-repository.ts";
import { describeFinding, expectNone } from "../src/report.ts";

const repository = readRepository(root);

test.each(allRules)("the repository keeps the rule $name", ({ name, check }) => {
  expectNone(judge(name, check(repository), allowList).findings.map(describeFinding));
});

test.each(allRules)("no exception to the rule $name has become unnecessary", ({ name, check }) => {
  const { unused } = judge(name, check(repository), allowList);
  expectNone(unused.map(({ path }) => `tooling/tidy/allow-list.ts: remove the entry for ${path} (${name})`));
});

test("every exception has a reason and names a rule", () => {
  const names = allRules.map(({ name }) => name);
  expectNone(checkAllowances(allowList, names));
});

test("the rules see the whole repository", () => {
  expect(repository.paths).toEqual(expect.arrayContaining(["LICENSE", "packages/core/package.json"]));
  expect(repository.packages.length).toBeGreaterThan(10);
});
