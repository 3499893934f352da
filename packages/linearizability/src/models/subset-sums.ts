// Which of the adds that may have happened add up to a gap? Equal deltas are interchangeable and counted, not permuted.

import type { Action, Operation } from "../history.ts";

type Group = { readonly delta: number; readonly members: readonly Operation[] };

type Search = {
  /** By size of delta, largest first: large ones fit in few ways. */
  readonly groups: readonly Group[];
  /** Least and greatest sum that the groups from an index on can reach. */
  readonly least: readonly number[];
  readonly greatest: readonly number[];
  /** Per index, the sums that the groups from there on are known not to reach. */
  readonly unreachable: readonly Set<number>[];
};

const stepsBetweenPauses = 256;

/** Every choice of operations whose deltas sum to `sum`, up to exchange of equal ones; `undefined` is a pause. */
export function* subsetsWithSum(
  sum: number,
  operations: readonly Operation[],
  delta: (action: Action) => number,
): Generator<readonly Operation[] | undefined, void> {
  const groups = groupByDelta(operations, delta);
  const least = [0];
  const greatest = [0];
  for (const { delta: each, members } of groups.toReversed()) {
    least.unshift((least[0] ?? 0) + Math.min(0, each * members.length));
    greatest.unshift((greatest[0] ?? 0) + Math.max(0, each * members.length));
  }
  const search = { groups, least, greatest, unreachable: groups.map(() => new Set<number>()) };
  yield* choose(search, { index: 0, sum, chosen: [], steps: { count: 0 } });
}

type Place = {
  readonly index: number;
  readonly sum: number;
  readonly chosen: readonly Operation[];
  readonly steps: { count: number };
};

function* choose(search: Search, place: Place): Generator<readonly Operation[] | undefined, boolean> {
  const { index, sum, chosen, steps } = place;
  const group = search.groups[index];
  if (group === undefined) {
    if (sum === 0) yield chosen;
    return sum === 0;
  }
  if (search.unreachable[index]?.has(sum) === true) return false;
  let isFound = false;
  const least = search.least[index + 1] ?? 0;
  const greatest = search.greatest[index + 1] ?? 0;
  for (let count = Math.min(group.members.length, mostOf(group, sum, { least, greatest })); count >= 0; count -= 1) {
    const rest = sum - count * group.delta;
    if (rest < least || rest > greatest) break;
    steps.count += 1;
    if (steps.count % stepsBetweenPauses === 0) yield undefined;
    const next = { index: index + 1, sum: rest, chosen: [...chosen, ...group.members.slice(0, count)], steps };
    if (yield* choose(search, next)) isFound = true;
  }
  if (!isFound) search.unreachable[index]?.add(sum);
  return isFound;
}

/** The largest count that the groups after this one can still complete to the sum. */
function mostOf({ delta }: Group, sum: number, rest: { readonly least: number; readonly greatest: number }): number {
  return Math.floor(delta > 0 ? (sum - rest.least) / delta : (sum - rest.greatest) / delta);
}

function groupByDelta(operations: readonly Operation[], delta: (action: Action) => number): readonly Group[] {
  const members = new Map<number, Operation[]>();
  for (const operation of operations) {
    const known = members.get(delta(operation));
    if (known === undefined) members.set(delta(operation), [operation]);
    else known.push(operation);
  }
  return [...members]
    .map(([each, list]) => ({ delta: each, members: list }))
    .filter((group) => group.delta !== 0)
    .toSorted((one, other) => Math.abs(other.delta) - Math.abs(one.delta) || other.delta - one.delta);
}
