// Shapes of broken networks, as lists of links that carry nothing.

import type { Link } from "../ports/network.ts";
import type { SeededRandom } from "../world/random.ts";

type Ids = readonly string[];

/** Two groups that cannot reach each other. */
export function split(ids: Ids, random: SeededRandom): readonly Link[] {
  const group = new Set(ids.filter(() => random.chance(0.5)));
  return between(ids, (from, to) => group.has(from) !== group.has(to));
}

/** One node alone. */
export function alone(ids: Ids, id: string): readonly Link[] {
  return between(ids, (from, to) => from === id || to === id);
}

/** Links that fail in one direction: all from one node, all to one node, or any. */
export function oneWay(ids: Ids, random: SeededRandom, id: string): readonly Link[] {
  const shape = random.integer(3);
  if (shape === 0) return between(ids, (from) => from === id);
  if (shape === 1) return between(ids, (_from, to) => to === id);
  return between(ids, () => random.chance(0.3));
}

/** Two groups that cannot reach each other, and one node that reaches everybody. */
export function bridge(ids: Ids, random: SeededRandom): readonly Link[] {
  const middle = random.pick(ids);
  const group = new Set(ids.filter(() => random.chance(0.5)));
  return between(ids, (from, to) => from !== middle && to !== middle && group.has(from) !== group.has(to));
}

/** Both directions between two nodes. */
export function pair(ids: Ids, random: SeededRandom): readonly Link[] {
  const a = random.pick(ids);
  const b = random.pick(ids);
  return between(ids, (from, to) => (from === a && to === b) || (from === b && to === a));
}

function between(ids: Ids, isCut: (from: string, to: string) => boolean): readonly Link[] {
  return ids.flatMap((from) => ids.filter((to) => from !== to && isCut(from, to)).map((to): Link => ({ from, to })));
}
