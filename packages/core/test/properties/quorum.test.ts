// The arithmetic of majorities against definitions that are too slow to be wrong.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { majorityOf, reachedByMajority, type Tally, tally } from "../../src/quorum.ts";
import type { Configuration } from "../../src/types.ts";

const ids = ["a", "b", "c", "d", "e", "f", "g"];
const voters = fc.subarray(ids, { minLength: 1 });
const configurations: fc.Arbitrary<Configuration> = fc
  .record({ voters, outgoing: fc.option(voters, { nil: undefined }) })
  .map(({ voters: incoming, outgoing }) => ({ voters: incoming, learners: [], ...(outgoing && { outgoing }) }));
const values = fc.dictionary(fc.constantFrom(...ids), fc.nat(20), { noNullPrototype: true });
const votes = fc.dictionary(fc.constantFrom(...ids), fc.boolean(), { noNullPrototype: true });

/** All subsets of a small list. */
function subsets(list: readonly string[]): readonly (readonly string[])[] {
  return list.reduce<readonly (readonly string[])[]>(
    (found, item) => [...found, ...found.map((subset) => [...subset, item])],
    [[]],
  );
}

function isMajority(some: readonly string[], { voters: incoming, outgoing = incoming }: Configuration): boolean {
  const holds = (all: readonly string[]) => 2 * all.filter((id) => some.includes(id)).length > all.length;
  return holds(incoming) && holds(outgoing);
}

test("P21 what a majority has reached equals the largest value that some majority has at least, for every order of updates", () => {
  fc.assert(
    fc.property(configurations, values, (configuration, reached) => {
      const valueOf = (id: string) => reached[id] ?? 0;
      const all = [...configuration.voters, ...(configuration.outgoing ?? [])];
      const naive = Math.max(
        ...subsets([...new Set(all)])
          .filter((some) => isMajority(some, configuration))
          .map((some) => Math.min(...some.map(valueOf))),
      );
      expect(reachedByMajority(configuration, valueOf)).toBe(naive);
    }),
    { numRuns: 500 },
  );
});

test("a vote is won, open or lost exactly when a majority has granted, may still grant, or can no longer grant it", () => {
  fc.assert(
    fc.property(configurations, votes, (configuration, given) => {
      const all = [...new Set([...configuration.voters, ...(configuration.outgoing ?? [])])];
      const isWon = isMajority(
        all.filter((id) => given[id] === true),
        configuration,
      );
      const canBeWon = isMajority(
        all.filter((id) => given[id] !== false),
        configuration,
      );
      const naive: Tally = isWon ? "won" : canBeWon ? "open" : "lost";
      expect(tally(configuration, new Map(Object.entries(given)))).toBe(naive);
    }),
    { numRuns: 1_000 },
  );
});

test("any two majorities of a configuration share a server", () => {
  for (const size of [1, 2, 3, 4, 5, 6, 7]) expect(2 * majorityOf(ids.slice(0, size))).toBeGreaterThan(size);
});
