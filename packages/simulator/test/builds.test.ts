// Clusters whose nodes run different builds and roll from one to another under faults; and builds that do not understand each
// other, which must be found.
import { describe, expect, test } from "vitest";
import { type Build, presentBuild, registers, simulate, SimulationFailure } from "../src/index.ts";
import { type Habits, jsonCodec } from "./support/json-codec.ts";
import { sumOf } from "./support/sums.ts";

const first: Build = { ...presentBuild, name: "first", codec: jsonCodec() };

function secondWith(habits: Habits): Build {
  return { ...presentBuild, name: "second", codec: jsonCodec(habits) };
}

async function failureOf(second: Build): Promise<SimulationFailure | undefined> {
  for (let seed = 1; seed <= 40; seed++) {
    try {
      const faults = { upgrade: 40, crash: 20, isolate: 10 };
      await simulate({ seed, builds: [first, second], faults, thinkMs: 50, shrinkRuns: 0, ...registers() });
    } catch (error) {
      if (error instanceof SimulationFailure) return error;
      throw error;
    }
  }
  return undefined;
}

describe("a cluster of two builds", () => {
  test("rolls forth and back under all faults, and both builds together elect leaders and commit", async () => {
    const results = [];
    for (let seed = 1; seed <= 10; seed++) {
      results.push(await simulate({ seed, faults: "all", builds: [first, secondWith({})], ...registers() }));
    }
    expect(sumOf(results, ({ faults }) => faults.upgrade)).toBeGreaterThan(10);
    expect(sumOf(results, ({ reached }) => reached.rollbacks)).toBeGreaterThan(0);
    expect(sumOf(results, ({ reached }) => reached.mixedElections)).toBeGreaterThan(0);
    expect(sumOf(results, ({ reached }) => reached.mixedCommits)).toBeGreaterThan(10);
  }, 60_000);

  test("gives the same trace again, also when it follows its own script", async () => {
    const options = { seed: 3, faults: "all", builds: [first, secondWith({})], ...registers() } as const;
    const { traceHash, settings, script } = await simulate(options);
    expect((await simulate(options)).traceHash).toBe(traceHash);
    expect((await simulate({ ...options, ...settings, script })).traceHash).toBe(traceHash);
  });

  test("never takes a node back from a build that says it cannot go back", async () => {
    const second = { ...secondWith({}), goesBack: false };
    const { faults, reached } = await simulate({
      seed: 1,
      builds: [first, second],
      faults: { upgrade: 60 },
      ...registers(),
    });
    expect(faults.upgrade).toBe(3);
    expect(reached.rollbacks).toBe(0);
  });

  test("never takes a node back beyond such a build either", async () => {
    const builds = [first, { ...secondWith({}), goesBack: false }, { ...secondWith({}), name: "third" }];
    const { script } = await simulate({ seed: 1, builds, faults: { upgrade: 120 }, ...registers() });
    const assigned = script.flatMap((action) => (action.fault === "upgrade" ? [action.build] : []));
    expect(assigned).toContain("second");
    expect(assigned).toContain("third");
    expect(assigned).not.toContain("first");
  });

  test("goes on when the later build writes fields that the earlier one does not know", async () => {
    const talkative = secondWith({ onWrite: (fields) => ({ ...fields, priority: 7, hints: ["later"] }) });
    expect(await failureOf(talkative)).toBeUndefined();
  }, 60_000);

  test("has one build unless it is given more, and then nobody upgrades anything", async () => {
    const { faults, reached } = await simulate({ seed: 1, faults: { upgrade: 60 }, ...registers() });
    expect([faults.upgrade, reached.mixedCommits]).toEqual([0, 0]);
  });
});

describe("a build that does not understand another one is found", () => {
  test("when an acknowledgement means another entry to it", async () => {
    const failure = await failureOf(
      secondWith({
        onWrite: (fields) =>
          isAccepted(fields) ? { ...fields, matchIndex: Number(fields["matchIndex"]) + 1 } : fields,
        onRead: (fields) => (isAccepted(fields) ? { ...fields, matchIndex: Number(fields["matchIndex"]) - 1 } : fields),
      }),
    );
    expect(failure?.property).toBe("durable commitment");
  }, 60_000);

  test("when it calls a field by another name", async () => {
    const failure = await failureOf(
      secondWith({
        onWrite: ({ entries, ...fields }) => (entries === undefined ? fields : { ...fields, commands: entries }),
        onRead: ({ commands, ...fields }) => (commands === undefined ? fields : { ...fields, entries: commands }),
      }),
    );
    expect(failure?.property).toBe("liveness");
  }, 60_000);

  test("and the failure names the builds, and no playground", async () => {
    const broken = secondWith({ onRead: (fields) => ({ ...fields, term: 1 + Number(fields["term"]) }) });
    const failure = await failureOf(broken);
    expect(failure?.message).toContain("  builds, // first, second");
    expect(failure?.message).not.toContain("playground");
  }, 60_000);
});

describe("builds that cannot be those of one cluster are refused", () => {
  test.each([
    { builds: [], words: "builds is empty" },
    { builds: [first, first], words: "a name twice: first, first" },
    { builds: [first, presentBuild], words: "some without (present)" },
  ])("$words", async ({ builds, words }) => {
    await expect(simulate({ seed: 1, builds, ...registers() })).rejects.toThrow(words);
  });
});

function isAccepted({ type, accepted }: Readonly<Record<string, unknown>>): boolean {
  return type === "appendResponse" && accepted === true;
}
