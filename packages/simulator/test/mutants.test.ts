// Would the simulator notice? Mistakes are made in copies of the packages on purpose, and each must be found by a property with
// a name. The whole table takes minutes: `pnpm --filter @quorate/simulator mutants`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { absentAtCore, hunt } from "./mutants/hunt.ts";
import { mutants } from "./mutants/mutants.ts";
import { mutate, writeMutant } from "./mutants/mutate.ts";

const fast = mutants.filter(({ isFast }) => isFast);
const hunts = [
  ...fast.map((mutant) => ({ level: "node" as const, name: mutant.name, mutant })),
  ...fast
    .filter((mutant) => absentAtCore(mutant) === undefined)
    .map((mutant) => ({ level: "core" as const, name: mutant.name, mutant })),
];

describe("mistakes are found", () => {
  test.each(hunts)(
    "at the level $level, a server that $name is found",
    async ({ level, mutant }) => {
      const finding = await hunt(mutant, { level, seeds: 400 });
      expect(finding).toMatchObject({ found: true });
      expect(finding).not.toMatchObject({ property: "unexpected stop" });
    },
    60_000,
  );

  test.each(["core", "node"] as const)(
    "the same hunt finds nothing in the core as it is (%s)",
    async (level) => {
      const nothing = { name: "no mistake", edits: [] };
      expect(await hunt(nothing, { level, seeds: 5 })).toEqual({ found: false, seeds: 5 });
    },
    60_000,
  );

  test("a mistake in the driver is not looked for at the core level", () => {
    const absent = mutants.filter((mutant) => absentAtCore(mutant) !== undefined).map(({ name }) => name);
    expect(absent).toHaveLength(5);
  });

  test.each(mutants)("the mistake fits the sources: $name", (mutant) => {
    const folder = mkdtempSync(join(tmpdir(), "quorate-mutant-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    expect(writeMutant(mutant, folder)).not.toEqual([]);
  });

  test.each(["nothing alike", "again and again"])(
    "an edit that does not fit exactly once fails loudly (%s)",
    (find) => {
      const edit = { file: "log.ts", find, replace: "" };
      expect(() => mutate("again and again, again and again", edit, "some mutant")).toThrow(
        /mutant "some mutant": log\.ts has [02] places like/,
      );
    },
  );
});
