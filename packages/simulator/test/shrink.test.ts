// A failed run is made smaller, and can be repeated: as a test, as a file, as a link.
import { describe, expect, test } from "vitest";
import {
  noFaults,
  parseScenario,
  playgroundLink,
  readPlaygroundLink,
  registers,
  Registers,
  scenarioText,
  simulate,
  SimulationFailure,
} from "../src/index.ts";

/** Throws as soon as it is restored from a snapshot or started again with a log. */
class Forgetful extends Registers {
  override restore(): void {
    // The snapshot is thrown away.
  }
}

async function failureOf(run: Promise<unknown>): Promise<SimulationFailure> {
  const error = await run.catch((reason: unknown) => reason);
  if (error instanceof SimulationFailure) return error;
  throw new Error("the run did not fail", { cause: error });
}

const options = {
  nodes: 3,
  snapshots: { everyEntries: 5, retainEntries: 0 },
  faults: { crash: 30, loss: 0.1, partition: 10, pause: 10 },
  ...registers(),
  stateMachine: (): Registers => new Forgetful(),
} as const;

describe("a run", () => {
  test.each(["core", "node"] as const)("gives the same trace when it follows its own script (%s)", async (level) => {
    const drawn = await simulate({ seed: 41, level, nodes: 5, faults: "all", ...registers() });
    expect(drawn.script.length).toBeGreaterThan(5);
    const followed = await simulate({ ...drawn.settings, script: drawn.script, ...registers() });
    expect(followed.traceHash).toBe(drawn.traceHash);
  });

  test("can follow the script of a run at another level, because both speak of the same misfortunes", async () => {
    const { settings, script, faults } = await simulate({ seed: 42, nodes: 5, faults: "all", ...registers() });
    const followed = await simulate({ ...settings, level: "core", script, ...registers() });
    const { crash, partition, pause } = faults;
    expect(followed.faults).toMatchObject({ partition });
    expect(followed.faults.crash + followed.faults.pause).toBeGreaterThan((crash + pause) / 2);
  });
});

describe("a failure", () => {
  test.each(["core", "node"] as const)("comes with a smaller run that fails alike (%s)", async (level) => {
    const failure = await failureOf(simulate({ seed: 5, level, ...options }));
    const { shrunk, script } = failure;
    expect(shrunk?.script?.length).toBeLessThan(script.length);
    expect(shrunk?.faults).toEqual(noFaults);
    const again = await failureOf(simulate({ ...options, ...shrunk, seed: 5, shrinkRuns: 0 }));
    expect(again.property).toBe(failure.property);
    expect(again.shrunk).toBeUndefined();
  });

  test("prints the smaller run as a call, as a file and as a link", async () => {
    const failure = await failureOf(simulate({ seed: 5, playgroundUrl: "https://example.org/play", ...options }));
    expect(failure.message).toContain("A smaller run that fails alike");
    expect(failure.message).toContain("  script: [");
    const [link = ""] = /https:\/\/example\.org\/play#v1\.[\w-]+/.exec(failure.message) ?? [];
    expect(await readPlaygroundLink(link)).toEqual(failure.shrunk);
    const [line = ""] = failure.message.split("\n").filter((each) => each.startsWith('{"version"'));
    expect(parseScenario(line)).toEqual(failure.shrunk);
  });

  test("says how the playground is served where links lead by default", async () => {
    const { message } = await failureOf(simulate({ seed: 5, ...options }));
    expect(message).toMatch(
      /http:\/\/localhost:7420\/#v1\.[\w-]+\n\(served by `pnpm --filter @quorate\/dashboard dev`/,
    );
  });

  test("is not made smaller when nobody wants to wait for it", async () => {
    const failure = await failureOf(simulate({ seed: 5, shrinkRuns: 0, ...options }));
    expect(failure.shrunk).toBeUndefined();
  });
});

describe("a scenario", () => {
  test.each([
    { text: "rain", words: "not a scenario" },
    { text: "{}", words: "not a scenario" },
    { text: '{"version":2,"settings":{}}', words: "version 2" },
    { text: '{"version":1,"settings":{}}', words: "without a seed" },
  ])("that is none is refused: $text", ({ text, words }) => {
    expect(() => parseScenario(text)).toThrow(words);
  });

  test.each([
    { link: "https://example.org/play", words: "not a playground link" },
    { link: "#q80qLk7NSy1RyEnMS1eoTFUoSFUqBgA", words: "not a playground link" },
    { link: "#v2.q80qLk7NSy1R", words: "version 2: expected 1" },
    { link: "#v1.!", words: "damaged" },
    { link: "#v1.AAAA", words: "damaged" },
    { link: "#v1.", words: "damaged" },
  ])("is not read from a link that holds none: $link", async ({ link, words }) => {
    const error: unknown = await readPlaygroundLink(link).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toContain(words);
  });

  test("is not read from a link that was cut short", async () => {
    const { settings } = await simulate({ seed: 3, durationMs: 100, ...registers() });
    const link = await playgroundLink(settings);
    await expect(readPlaygroundLink(link.slice(0, -10))).rejects.toThrow("damaged");
  });

  test("is not read from a link that unpacks to more than a scenario can be", async () => {
    const { settings } = await simulate({ seed: 3, durationMs: 100, ...registers() });
    const script = Array.from({ length: 40_000 }, () => ({ fault: "crash", node: "n1", downMs: 1, atMs: 1 }) as const);
    await expect(readPlaygroundLink(await playgroundLink({ ...settings, script }))).rejects.toThrow("damaged");
  });

  test("is the same after a journey through text and link", async () => {
    const { settings } = await simulate({ seed: 3, durationMs: 100, ...registers() });
    expect(parseScenario(scenarioText(settings))).toEqual(settings);
    expect(await readPlaygroundLink(await playgroundLink(settings))).toEqual(settings);
  });
});
