// The interactive picture: always the same number of lines, so that it can be drawn over itself.
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { linesOf, type Picture } from "../../src/demo/screen.ts";

const status = {
  cluster: "demo",
  id: "n1",
  role: "leader",
  term: 3,
  leader: null,
  commitIndex: 41,
  lastApplied: 40,
  lastIndex: 42,
  firstIndex: 1,
  stateHash: "abc",
  members: [],
  version: "0",
};

const picture: Picture = {
  title: "quorate demo",
  rows: [
    { id: "n1", url: "http://127.0.0.1:1", condition: "running" },
    { id: "n2", url: "http://127.0.0.1:2", condition: "down" },
  ],
  statuses: new Map([["n1", status]]),
  acknowledged: 12,
  perSecond: 6,
  underWay: 2,
  events: ["first", "second"],
  keys: "q quit",
  page: "http://127.0.0.1:4711/?token=abc",
};

test("shows each node with its role, term and indexes, and a dead one as down", () => {
  const lines = linesOf(picture).map((line) => stripVTControlCharacters(line));
  expect(lines[3]).toMatch(/n1 +LEADER +3 +41 +40 +http:\/\/127\.0\.0\.1:1/);
  expect(lines[4]).toMatch(/n2 +down +- +- +- /);
});

test("says where the page is", () => {
  expect(linesOf(picture)).toContain("Dashboard  http://127.0.0.1:4711/?token=abc");
});

test("has the same height with few and with many events, and shows the latest", () => {
  const many = { ...picture, events: Array.from({ length: 50 }, (_, each) => `event ${each}`) };
  expect(linesOf(many)).toHaveLength(linesOf(picture).length);
  expect(linesOf(many).at(-1)).toBe("event 49");
});
