// The search's memory: which configurations it takes for covered by one that it has been to.

import { expect, test } from "vitest";
import { register } from "../src/index.ts";
import { pairOperations } from "../src/pairing.ts";
import { Configuration } from "../src/search/configuration.ts";
import { buildProblem } from "../src/search/problem.ts";
import { Visited } from "../src/search/visited.ts";
import { story } from "./support/story.ts";

/** Forty writes of known outcome, 0 to 39, and two unknown ones, 40 and 41; all are open at once. */
function configuration(...added: readonly number[]): Configuration {
  const known = Array.from({ length: 40 }, (_, index) => index);
  const history = story(
    ...known.map((index) => `${index} invoke write ${index}`),
    "40 invoke write 40",
    "41 invoke write 41",
    ...known.map((index) => `${index} ok`),
  );
  const found = new Configuration(buildProblem(register(), pairOperations(history, register())));
  for (const operation of added) found.add(operation);
  return found;
}

test("the same operations in another order lead to the same configuration", () => {
  const visited = new Visited();
  expect(visited.add(configuration(3, 35, 7), true)).toBe(true);
  expect(visited.add(configuration(7, 3, 35), true)).toBe(false);
});

test("other operations, or another state, are another configuration", () => {
  const visited = new Visited();
  const otherState = configuration(3);
  otherState.state = 7;
  expect(visited.add(configuration(3), true)).toBe(true);
  expect(visited.add(configuration(0, 1, 2, 3), true)).toBe(true);
  expect(visited.add(configuration(3, 39), true)).toBe(true);
  expect(visited.add(otherState, true)).toBe(true);
});

test("fewer unknown operations spent cover more of them, and not the other way round", () => {
  const visited = new Visited();
  expect(visited.add(configuration(3, 40), true)).toBe(true);
  expect(visited.add(configuration(3, 41), true)).toBe(true);
  expect(visited.add(configuration(3, 40, 41), true)).toBe(false);
  expect(visited.add(configuration(3), true)).toBe(true);
  expect(visited.add(configuration(3, 41), true)).toBe(false);
});

test("what is taken back leaves no trace", () => {
  const visited = new Visited();
  const found = configuration(3);
  visited.add(found, true);
  const { firstPending, lastKnown } = found;
  found.add(0);
  found.add(38);
  found.add(40);
  for (const operation of [40, 38, 0]) found.remove(operation);
  Object.assign(found, { firstPending, lastKnown });
  expect(visited.add(found, true)).toBe(false);
});

test("the memory grows without forgetting", () => {
  const visited = new Visited();
  const pairs = Array.from(
    { length: 1500 },
    (_, index) => [index % 40, (index + 1 + Math.floor(index / 40)) % 40] as const,
  );
  const distinct = pairs.filter(([one, other]) => one < other);
  for (const pair of distinct) expect(visited.add(configuration(...pair), true)).toBe(true);
  for (const pair of distinct) expect(visited.add(configuration(...pair), true)).toBe(false);
  expect(distinct.length).toBeGreaterThan(500);
});
