// Every example is run as a reader would run it, and prints what it is there to show.
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const deadlineMs = 60_000;

/** The lines that an example prints. A program that fails rejects, with what it printed. */
async function linesOf(...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=quorate-source", ...args], {
    cwd: folder,
    timeout: deadlineMs,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return stdout.trimEnd().split("\n");
}

const examples: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "embed.ts": [/^committed at index \d+: the counter is 1$/, "n1 has 1", "n2 has 1", "n3 has 1"],
  "swap-storage.ts": ["files: 1, and after a restart 2", "SQLite: 1, and after a restart 2"],
  "swap-transport.ts": ["in memory: 1", "over TCP: 1", "over NATS: 1"],
  "sessions.ts": ["to be committed: command", "answered 5, replayed: true", "the counter is 5"],
  "simulate.ts": [1, 2, 3, 4, 5].map(
    (seed) => new RegExp(`^seed ${seed}: \\d+ commands, \\d+ faults, every law held$`),
  ),
};

test.each(Object.entries(examples))(
  "%s prints what it shows",
  async (file, expected) => {
    const lines = await linesOf(file);
    expect(lines).toHaveLength(expected.length);
    for (const [at, line] of expected.entries()) expect(lines[at]).toMatch(line);
  },
  deadlineMs,
);

test.each([
  ["prove.ts", /^# pass 7\d$/, "# skipped 7"],
  ["prove-transport.ts", /^# pass 2\d$/, "# skipped 0"],
])(
  "write-an-adapter/%s proves its adapter under node:test: every law holds that can be tried on it",
  async (file, passed, skipped) => {
    const lines = await linesOf("--test", "--test-reporter=tap", `write-an-adapter/${file}`);
    expect(lines).toContainEqual(expect.stringMatching(passed));
    expect(lines).toEqual(expect.arrayContaining(["# fail 0", skipped, "# cancelled 0", "# todo 0"]));
    const silent = lines.filter((line) => line.includes("# SKIP") && !line.includes("(skipped: "));
    expect(silent, "a law is skipped for a reason").toEqual([]);
  },
  deadlineMs,
);

test("no example is forgotten here", () => {
  const programs = readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "vitest.config.ts");
  const parts = ["counter.ts", "leader.ts"];
  expect(programs.toSorted()).toEqual([...Object.keys(examples), ...parts].toSorted());
});
