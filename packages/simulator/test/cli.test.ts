// The program: many seeds on several threads, one summary line, and an exit code that a script can use.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { playgroundLink, registers, scenarioText, simulate } from "../src/index.ts";
import { addTotals, describeTotals, emptyTotals, missedGoals } from "../src/cli-totals.ts";

type Ended = { readonly code: number | string | null; readonly stdout: string; readonly stderr: string };

const program = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

function run(...args: readonly string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(process.execPath, ["--conditions=quorate-source", program, ...args], (error, stdout, stderr) =>
    resolve({ code: error === null ? 0 : (error.code ?? null), stdout, stderr }),
  );
  return promise;
}

const held = {
  seed: 1,
  failure: undefined,
  simulatedMs: 3_600_000,
  recoveryMs: 80,
  operations: 10,
  events: 100,
  faults: { crash: 5, pause: 0 },
  reached: { twoLeaders: 1, repetitions: 0 },
  reruns: 1,
};

describe("quorate-simulate", () => {
  test("runs the seeds that it was told and ends with 0 if every property held", async () => {
    const ended = await run("--seeds", "12", "--duration-ms", "2000", "--rerun", "5", "-o", "json");
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ seeds: 12, failures: 0, reruns: 2 });
  }, 30_000);

  test.each(["core", "node"])(
    "says in one line what it has done at the level %s",
    async (level) => {
      const ended = await run(
        "--level",
        level,
        "--seeds",
        "3",
        "--nodes",
        "1",
        "--duration-ms",
        "1000",
        "--faults",
        "loss=0.1,crash=30",
      );
      expect(ended.stdout).toMatch(/^3 seeds, every property held; .* h simulated in .* operations, .*\n$/);
    },
    30_000,
  );

  test.each([
    { args: ["--seeds", "many"], words: "--seeds is many" },
    { args: ["--faults", "rain=1"], words: '--faults has "rain=1"' },
    { args: ["--level", "toy"], words: "--level is toy" },
    { args: ["--unknown"], words: "--unknown" },
  ])(
    "ends with 2 and the usage on wrong arguments: $words",
    async ({ args, words }) => {
      const ended = await run(...args);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain(words);
      expect(ended.stderr).toContain("Usage: quorate-simulate");
    },
    30_000,
  );

  test("ends with 1 and the seed when a run fails", async () => {
    // Options that `simulate` refuses make every run fail.
    const ended = await run("--seeds", "30", "--nodes", "10", "--workers", "1");
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/FAILED: seed \d+/);
  }, 30_000);

  test("runs a scenario from a file, and ends with 2 if there is none in it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "quorate-scenario-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { settings, script, traceHash } = await simulate({ seed: 8, faults: "all", ...registers() });
    const [good, bad] = [join(folder, "good.json"), join(folder, "bad.json")];
    writeFileSync(good, scenarioText({ ...settings, script }));
    writeFileSync(bad, "{}");
    expect(await run("--script", good)).toMatchObject({ code: 0, stdout: `every property held; trace ${traceHash}\n` });
    expect(await run("--script", bad)).toMatchObject({ code: 2, stderr: expect.stringContaining("not a scenario") });
  }, 30_000);

  test("runs a scenario from a link to the playground, whole or from the # on", async () => {
    const { settings, script, traceHash } = await simulate({ seed: 8, faults: "all", ...registers() });
    const link = await playgroundLink({ ...settings, script }, "https://example.org/play/");
    expect(link).toMatch(/^https:\/\/example\.org\/play\/#v1\.[\w-]+$/);
    const good = { code: 0, stdout: `every property held; trace ${traceHash}\n` };
    expect(await run("--script", link)).toMatchObject(good);
    expect(await run("--script", link.slice(link.indexOf("#")))).toMatchObject(good);
    const words = expect.stringContaining("damaged");
    expect(await run("--script", link.slice(0, -20))).toMatchObject({ code: 2, stderr: words });
  }, 30_000);

  test("rolls clusters between the builds of a module, and ends with 2 if it has none", async () => {
    const module = (name: string): string => fileURLToPath(new URL(`./support/${name}.ts`, import.meta.url));
    const args = ["--seeds", "10", "--faults", "upgrade=60", "-o", "json"];
    const ended = await run(...args, "--builds", module("two-builds"));
    expect(JSON.parse(ended.stdout)).toMatchObject({
      failures: 0,
      faults: { upgrade: expect.toSatisfy((count) => count > 10) },
    });
    const words = expect.stringContaining('exports no list "builds"');
    expect(await run(...args, "--builds", module("sums"))).toMatchObject({ code: 2, stderr: words });
  }, 30_000);

  test("ends with 1 if something that should have come up did not", async () => {
    const ended = await run("--seeds", "2", "--duration-ms", "500", "--faults", "none", "--goals", "1");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("network     messages are lost: loss 0\n");
    expect(ended.stderr).toContain("These came up less than 1 times: loss 0,");
  }, 30_000);

  test("names the seeds that failed", () => {
    const totals = addTotals(addTotals(emptyTotals, held), { ...held, seed: 7, failure: "some property" });
    expect(describeTotals(totals, { wallMs: 10_000, workers: 2 })).toBe(
      "2 seeds, 1 FAILED: seed 7; 2.00 h simulated in 10 s (360x real time a worker); 20 operations, 10 faults, slowest recovery 80 ms; 2 runs repeated",
    );
  });

  test("counts what never came up, but for what the workload cannot bring about", () => {
    expect(missedGoals(addTotals(emptyTotals, held), { least: 1, hasBuilds: false })).toEqual(["pause 0"]);
    const mixed = { ...held, faults: { upgrade: 0 }, reached: { mixedCommits: 3 } };
    const totals = addTotals(emptyTotals, mixed);
    expect(missedGoals(totals, { least: 1, hasBuilds: false })).toEqual([]);
    expect(missedGoals(totals, { least: 5, hasBuilds: true })).toEqual(["upgrade 0", "mixedCommits 3"]);
  });
});
