// Known violations and known non-violations, one story each.

import { expect, test } from "vitest";
import { checkHistory, counter, type HistoryEvent, register, stringMap } from "../src/index.ts";
import { story } from "./support/story.ts";

test("a stale read is not linearizable", () => {
  const history = story("0 invoke write 1", "0 ok", "0 invoke write 2", "0 ok", "1 invoke read", "1 ok 1");
  expect(checkHistory(history, register()).verdict).toBe("not-linearizable");
});

test("a new value followed by the old one is not linearizable, even while the write is open", () => {
  const history = story("0 invoke write 1", "1 invoke read", "1 ok 1", "2 invoke read", "2 ok null", "0 ok");
  expect(checkHistory(history, register()).verdict).toBe("not-linearizable");
});

test("reads that overlap a write may see either value, in the order old, new", () => {
  const history = story("0 invoke write 1", "1 invoke read", "1 ok null", "2 invoke read", "2 ok 1", "0 ok");
  expect(checkHistory(history, register()).verdict).toBe("linearizable");
});

test("a write of unknown outcome may take effect long after, but only once", () => {
  const late = [
    "0 invoke write 1",
    "0 info",
    "1 invoke write 2",
    "1 ok",
    "1 invoke read",
    "1 ok 2",
    "1 invoke read",
    "1 ok 1",
  ];
  const twice = [...late, "1 invoke write 3", "1 ok", "1 invoke read", "1 ok 1"];
  expect(checkHistory(story(...late), register()).verdict).toBe("linearizable");
  expect(checkHistory(story(...twice), register()).verdict).toBe("not-linearizable");
});

test("an invoke without completion counts as unknown, and a process that is lost may go on", () => {
  const history = story(
    "0 invoke write 1",
    "1 invoke read",
    "1 ok 1",
    "1 invoke write 2",
    "1 info",
    "1 invoke read",
    "1 ok 2",
  );
  expect(checkHistory(history, register()).verdict).toBe("linearizable");
});

test("a failed write must not be seen", () => {
  const history = story("0 invoke write 1", "0 fail", "1 invoke read", "1 ok 1");
  expect(checkHistory(history, register()).verdict).toBe("not-linearizable");
});

test("a failed cas needs a moment at which the value differed", () => {
  const differs = story("0 invoke write 1", "0 ok", "0 invoke cas [2,3]", "0 fail");
  const matches = story("0 invoke write 2", "0 ok", "0 invoke cas [2,3]", "0 fail");
  expect(checkHistory(differs, register()).verdict).toBe("linearizable");
  expect(checkHistory(matches, register()).verdict).toBe("not-linearizable");
});

test("a lost update is not linearizable: two compare-and-sets of one value cannot both succeed", () => {
  const history = story("0 invoke write 0", "0 ok", "1 invoke cas [0,1]", "2 invoke cas [0,2]", "1 ok", "2 ok");
  expect(checkHistory(history, register()).verdict).toBe("not-linearizable");
});

test("registers compare structured values deeply, and names of objects have no order", () => {
  const history = story(
    '0 invoke write {"a":1,"b":[2]}',
    "0 ok",
    '0 invoke cas [{"b":[2],"a":1},3]',
    "0 ok",
    "0 invoke read",
    "0 ok 3",
  );
  expect(checkHistory(history, register()).verdict).toBe("linearizable");
});

test("a duplicated add is not linearizable", () => {
  const history = story("0 invoke add 1", "0 ok [1,1]", "1 invoke add 1", "1 ok [1,3]");
  expect(checkHistory(history, counter()).verdict).toBe("not-linearizable");
});

test("two adds that return the same value have lost an update", () => {
  const history = story("0 invoke add 1", "1 invoke add 1", "0 ok [1,1]", "1 ok [1,1]");
  expect(checkHistory(history, counter()).verdict).toBe("not-linearizable");
});

test("an add of unknown outcome covers a gap of its size, and no other", () => {
  const gap = (value: number): readonly HistoryEvent[] =>
    story("0 invoke add 5", "0 info", "1 invoke add 1", `1 ok [1,${value}]`);
  expect(checkHistory(gap(6), counter()).verdict).toBe("linearizable");
  expect(checkHistory(gap(5), counter()).verdict).toBe("not-linearizable");
});

test("a counter that was never added to may be read as absent", () => {
  expect(checkHistory(story("0 invoke read", "0 ok null"), counter()).verdict).toBe("linearizable");
});

test("five hundred unknown adds on a counter are decided in few steps", () => {
  const unknown = Array.from({ length: 500 }, (_, index) => [
    `${index + 10} invoke add 1`,
    `${index + 10} info`,
  ]).flat();
  const passes = story(...unknown, "0 invoke read", "0 ok 250", "0 invoke add 1", "0 ok [1,400]");
  const fails = story(...unknown, "0 invoke read", "0 ok 250", "0 invoke add 1", "0 ok [1,250]");
  expect(checkHistory(passes, counter(), { maxSteps: 5000 }).verdict).toBe("linearizable");
  expect(checkHistory(fails, counter(), { maxSteps: 5000, shrinkMs: 0 }).verdict).toBe("not-linearizable");
});

test("unknown adds of distinct powers of two are told apart by the value that was read", () => {
  const unknown = Array.from({ length: 40 }, (_, index) => [
    `${index + 10} invoke add ${2 ** index}`,
    `${index + 10} info`,
  ]).flat();
  const passes = story(
    ...unknown,
    "0 invoke read",
    `0 ok ${2 ** 39 + 2 ** 20 + 1}`,
    "0 invoke read",
    `0 ok ${2 ** 40 - 1}`,
  );
  const fails = story(...unknown, "0 invoke read", `0 ok ${2 ** 39 + 1}`, "0 invoke read", `0 ok ${2 ** 39 + 2}`);
  expect(checkHistory(passes, counter(), { maxSteps: 5000 }).verdict).toBe("linearizable");
  expect(checkHistory(fails, counter(), { maxSteps: 5000, shrinkMs: 0 }).verdict).toBe("not-linearizable");
});

test("a counter that falls back is refused without trying every sum of the unknown adds", () => {
  const unknown = Array.from({ length: 30 }, (_, index) => [
    `${index + 10} invoke add ${index + 1}`,
    `${index + 10} info`,
  ]).flat();
  const history = story(...unknown, "0 invoke read", "0 ok 100", "0 invoke read", "0 ok 99");
  expect(checkHistory(history, counter(), { maxSteps: 50_000, shrinkMs: 0 }).verdict).toBe("not-linearizable");
});

test("twenty unknown appends do not make a search of every order", () => {
  const unknown = Array.from({ length: 20 }, (_, index) => [
    `${index + 10} invoke append "${index}."`,
    `${index + 10} info`,
  ]).flat();
  const passes = story(...unknown, "0 invoke get", '0 ok "7.3.19."');
  const fails = story(...unknown, "0 invoke get", '0 ok "7.3.7."');
  expect(checkHistory(passes, stringMap(), { maxSteps: 5000 }).verdict).toBe("linearizable");
  expect(checkHistory(fails, stringMap(), { maxSteps: 50_000, shrinkMs: 0 }).verdict).toBe("not-linearizable");
});

test("a string map tells appends that were lost from appends that were ordered otherwise", () => {
  const read = (value: string): readonly HistoryEvent[] =>
    story('0 invoke append "a"', '1 invoke append "b"', "0 ok", "1 ok", "2 invoke get", `2 ok "${value}"`);
  expect(checkHistory(read("ba"), stringMap()).verdict).toBe("linearizable");
  expect(checkHistory(read("b"), stringMap()).verdict).toBe("not-linearizable");
});

test("an empty history is linearizable", () => {
  expect(checkHistory([], register())).toMatchObject({ verdict: "linearizable", operations: 0, keys: 0 });
});
