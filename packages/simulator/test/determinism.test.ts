// The same options give the same run, event for event; that is what makes a seed worth reporting.
import { describe, expect, test } from "vitest";
import { registers, simulate } from "../src/index.ts";

describe.each(["core", "node"] as const)("at the level %s, a run can be repeated", (level) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("seed %i gives the same trace twice", async (seed) => {
    const options = { seed, level, nodes: 5, faults: "all", ...registers() } as const;
    const first = await simulate(options);
    const second = await simulate(options);
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.history).toEqual(first.history);
  });

  test("two runs at the same time do not disturb each other", async () => {
    const options = { level, nodes: 3, faults: "all", ...registers() } as const;
    const alone = await simulate({ ...options, seed: 11 });
    const [together] = await Promise.all([simulate({ ...options, seed: 11 }), simulate({ ...options, seed: 12 })]);
    expect(together.traceHash).toBe(alone.traceHash);
  });

  test("another seed gives another trace", async () => {
    const hashes = await Promise.all([21, 22].map((seed) => simulate({ seed, level, ...registers() })));
    expect(hashes[0]?.traceHash).not.toBe(hashes[1]?.traceHash);
  });

  test("the settings that a run reports, given explicitly, give the same run", async () => {
    const drawn = await simulate({ seed: 31, level, nodes: 3, ...registers() });
    const explicit = await simulate({ ...drawn.settings, ...registers() });
    expect(explicit.traceHash).toBe(drawn.traceHash);
  });
});
