// Shapes of broken networks, as lists of links that carry nothing.

import type { SeededRandom } from "../world/random.ts";
import type { LinkName } from "./action.ts";

type Ids = readonly string[];

/** Two groups that cannot reach each other. */
export function split(ids: Ids, random: SeededRandom): readonly LinkName[] {
  const group = new Set(ids.filter(() => random.chance(0.5)));
  return between(ids, (from, to) => group.has(from) !== group.has(to));
}

/** One node alone. */
export function alone(ids: Ids, id: string): readonly LinkName[] {
  return between(ids, (from, to) => from === id || to === id);
}

/** Links that fail in one direction: all from one node, all to one node, or any. */
export function oneWay(ids: Ids, random: SeededRandom, id: string): readonly LinkName[] {
  const shape = random.integer(3);
  if (shape === 0) return between(ids, (from) => from === id);
  if (shape === 1) return between(ids, (_from, to) => to === id);
  return between(ids, () => random.chance(0.3));
}

/** Two groups that cannot reach each other, and one node that reaches everybody. */
export function bridge(ids: Ids, random: SeededRandom): readonly LinkName[] {
  const middle = random.pick(ids);
  const group = new Set(ids.filter(() => random.chance(0.5)));
  return between(ids, (from, to) => from !== middle && to !== middle && group.has(from) !== group.has(to));
}

/** Both directions between two nodes. */
export function pair(ids: Ids, random: SeededRandom): readonly LinkName[] {
  const a = random.pick(ids);
  const b = random.pick(ids);
  return between(ids, (from, to) => (from === a && to === b) || (from === b && to === a));
}

/** All links that a node has, in one direction or both. */
export function linksOf(ids: Ids, random: SeededRandom, id: string): readonly LinkName[] {
  const shape = random.integer(3);
  return between(ids, (from, to) => (shape !== 0 && from === id) || (shape !== 1 && to === id));
}

function between(ids: Ids, isIn: (from: string, to: string) => boolean): readonly LinkName[] {
  return ids.flatMap((from) =>
    ids.filter((to) => from !== to && isIn(from, to)).map((to): LinkName => `${from}>${to}`),
  );
}
