// Configuration changes against plain sets, and configurations as entries.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isJoint } from "../../src/configuration.ts";
import { changed, firstStep, withoutOutgoing } from "../../src/configuration-change.ts";
import {
  type Configuration,
  decodeConfiguration,
  encodeConfiguration,
  type MembershipChange,
} from "../../src/index.ts";

const id = fc.constantFrom("a", "b", "c", "d", "e");
const configurations: fc.Arbitrary<Configuration> = fc
  .tuple(fc.subarray(["a", "b", "c", "d", "e"], { minLength: 1 }), fc.func(fc.boolean()))
  .map(([members, isVoter]) => {
    const voters = members.filter((member, position) => position === 0 || isVoter(member));
    return { voters, learners: members.filter((member) => !voters.includes(member)) };
  });
const change: fc.Arbitrary<MembershipChange> = fc.oneof(
  fc.record({ type: fc.constantFrom("addLearner", "promote", "demote", "remove"), id } as const),
  fc.record({ type: fc.constant("readmit"), id, incarnation: fc.string({ minLength: 1 }) } as const),
  fc.record({ type: fc.constant("move"), id, address: fc.string() } as const),
  fc.record({ type: fc.constant("prioritize"), id, priority: fc.nat(100) } as const),
);
const changes: fc.Arbitrary<readonly MembershipChange[]> = fc.array(change, { minLength: 1, maxLength: 4 });

/** The role of every server after the changes; undefined if one of them makes no sense. */
function naive(from: Configuration, steps: readonly MembershipChange[]): Map<string, "voter" | "learner"> | undefined {
  const roles = new Map<string, "voter" | "learner">();
  for (const voter of from.voters) roles.set(voter, "voter");
  for (const learner of from.learners) roles.set(learner, "learner");
  for (const step of steps) {
    const role = roles.get(step.id);
    const any = role ?? "nobody";
    const fits = {
      addLearner: undefined,
      promote: "learner",
      demote: "voter",
      remove: any,
      readmit: any,
      move: any,
      prioritize: any,
    };
    if (role !== fits[step.type]) return undefined;
    if (step.type === "move" || step.type === "prioritize") continue;
    if (step.type === "remove") roles.delete(step.id);
    else roles.set(step.id, step.type === "promote" ? "voter" : "learner");
    if (![...roles.values()].includes("voter")) return undefined;
  }
  return roles;
}

test("changes give the roles that sets give, and are refused when sets make no sense of them", () => {
  fc.assert(
    fc.property(configurations, changes, (from, steps) => {
      const result = changed(from, steps, (member) => `store of ${member}`);
      const roles = naive(from, steps);
      const withRole = (wanted: string) =>
        [...(roles ?? [])].filter(([, role]) => role === wanted).map(([name]) => name);
      const expected = roles && { voters: withRole("voter").toSorted(), learners: withRole("learner").toSorted() };
      const sorted = "misfit" in result ? undefined : sortedMembers(result);
      expect(sorted).toEqual(expected);
    }),
    { numRuns: 1_000 },
  );
});

test("M1 every majority before a step meets every majority after it", () => {
  const majorities = ({ voters, outgoing = voters }: Configuration) =>
    subsets(["a", "b", "c", "d", "e"]).filter((some) =>
      [voters, outgoing].every((side) => 2 * side.filter((member) => some.includes(member)).length > side.length),
    );
  fc.assert(
    fc.property(configurations, changes, (from, steps) => {
      const to = changed(from, steps, (member) => `store of ${member}`);
      if ("misfit" in to) return;
      const first = firstStep(from, to);
      const path = isJoint(first) ? [from, first, withoutOutgoing(first)] : [from, first];
      for (const [position, next] of path.slice(1).entries()) {
        const before = path[position] ?? from;
        for (const one of majorities(before)) {
          for (const other of majorities(next)) expect(one.some((member) => other.includes(member))).toBe(true);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("a configuration survives its way through an entry, whatever the names", () => {
  const name = fc.string({ minLength: 1, unit: "grapheme" });
  const some = fc.record({ voters: fc.array(name, { minLength: 1 }), learners: fc.array(name) });
  fc.assert(
    fc.property(some, (configuration) => {
      expect(decodeConfiguration({ data: encodeConfiguration(configuration) })).toEqual(configuration);
    }),
  );
});

test.each([
  "",
  "{",
  "null",
  "[]",
  "{}",
  '{"voters":[],"learners":[]}',
  '{"voters":[1],"learners":[]}',
  '{"voters":["a"]}',
])("%j is not a configuration", (text) => {
  expect(decodeConfiguration({ data: new TextEncoder().encode(text) })).toBeUndefined();
});

function sortedMembers({ voters, learners }: Configuration): Configuration {
  return { voters: voters.toSorted(), learners: learners.toSorted() };
}

function subsets(list: readonly string[]): readonly (readonly string[])[] {
  return list.reduce<readonly (readonly string[])[]>(
    (found, item) => [...found, ...found.map((subset) => [...subset, item])],
    [[]],
  );
}
