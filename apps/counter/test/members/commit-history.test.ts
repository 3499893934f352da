// For how long a member has been behind: answered from a bounded memory, or not at all.

import { expect, test } from "vitest";
import { CommitHistory } from "../../src/members/commit-history.ts";

test("an entry is as old as the moment at which the commit index reached it", () => {
  const history = new CommitHistory();
  history.note(10, 0);
  history.note(20, 1000);
  history.note(25, 1050);
  history.note(30, 2000);
  expect(history.msSince(11, 5000)).toBe(4000);
  expect(history.msSince(25, 5000)).toBe(4000);
  expect(history.msSince(26, 5000)).toBe(3000);
});

test("what is not remembered has no age", () => {
  const history = new CommitHistory();
  history.note(10, 0);
  expect(history.msSince(5, 100)).toBeUndefined();
  expect(history.msSince(11, 100)).toBeUndefined();
  history.note(20, 1000);
  history.forget();
  expect(history.msSince(15, 2000)).toBeUndefined();
});

test("a leader that commits for days remembers only the last minutes", () => {
  const history = new CommitHistory();
  for (let at = 1; at <= 100_000; at += 1) history.note(at, at * 100);
  expect(history.msSince(99_000, 100_000 * 100)).toBeUndefined();
  expect(history.msSince(99_900, 100_000 * 100)).toBe(10_000);
});
