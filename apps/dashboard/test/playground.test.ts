// The playground in a real browser, as it is built: what a link opens, how it ends, and how one walks through it.
import type { Page } from "playwright-core";
import { noFaults, playgroundLink, readPlaygroundLink, registers, type Settings, simulate } from "@quorate/simulator";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { browserTest, Stage } from "./browser.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(["index.html", "test/pages/broken.html"]);
});
afterAll(() => stage[Symbol.asyncDispose]());

/** A leader that dies shortly before the end, and a cluster that must have recovered at once. */
const impatient: Settings = {
  seed: 1,
  level: "node",
  nodes: 3,
  spares: 0,
  durationMs: 2000,
  recoveryMs: 100,
  faults: noFaults,
  raft: {},
  snapshots: false,
  clients: 2,
  thinkMs: 200,
  maxMessageBytes: 65_536,
  script: [{ fault: "crash", node: "n3", downMs: 200, atMs: 1950 }],
};

/** Opens a run, and resolves when it has ended. */
async function openRun(settings: Settings, path = ""): Promise<{ page: Page; complaints: string[] }> {
  const opened = await stage.page(await playgroundLink(settings, path));
  await opened.page.getByRole("status").getByRole("heading").filter({ hasNotText: "Running" }).waitFor();
  return opened;
}

const verdict = (page: Page) => page.getByRole("status").getByRole("heading").textContent();
const thisStep = (page: Page) => page.getByLabel("This step", { exact: true }).innerText();
const place = (page: Page) => page.getByLabel("Virtual time").getAttribute("aria-valuetext");

describe("a link", () => {
  for (const [seed, nodes] of [
    [11, 3],
    [12, 5],
    [13, 7],
  ] as const) {
    browserTest(`gives the same trace in the browser's worker as in Node: seed ${seed}, ${nodes} nodes`, async () => {
      const inNode = await simulate({ seed, nodes, durationMs: 5000, ...registers() });
      const { page, complaints } = await openRun(inNode.settings);
      expect(await verdict(page)).toContain("Every property held");
      expect(await page.getByRole("status").innerText()).toContain(inNode.traceHash);
      expect(complaints).toEqual([]);
    });
  }

  browserTest("to a run that fails shows which property is broken and why, at the moment where it broke", async () => {
    const { page, complaints } = await openRun(impatient);
    expect(await verdict(page)).toContain("liveness does not hold");
    expect(await page.getByRole("status").innerText()).toContain(
      "nobody was served within 100 ms after the last fault",
    );
    expect(await thisStep(page)).toContain("liveness does not hold");
    expect(await page.getByLabel("Scenario").innerText()).toContain("n3 crashes and is away for up to 200 ms");
    expect(complaints).toEqual([]);
  });

  browserTest("to a run of a state machine that is wrong shows the property that it breaks", async () => {
    const snapshots = { everyEntries: 5, retainEntries: 0 };
    const { page } = await openRun({ ...impatient, recoveryMs: 10_000, snapshots }, "test/pages/broken.html");
    expect(await verdict(page)).toContain("does not hold");
    expect(await verdict(page)).not.toContain("liveness");
  });

  for (const { fragment, words } of [
    { fragment: "#rain", words: "not a playground link" },
    { fragment: "#v1.rain", words: "damaged playground link" },
    { fragment: "#v7.q1YqS8wpTVWyUqpVqgUA", words: "a playground link of version 7: expected 1" },
  ]) {
    browserTest(`that cannot be read says what is wrong with it: ${fragment}`, async () => {
      const { page } = await stage.page(fragment);
      await page.getByText("This cannot be run").waitFor();
      expect(await page.getByRole("status").innerText()).toContain(words);
      expect(page.workers()).toEqual([]);
    });
  }

  browserTest("with values that cannot be is refused in words, and its text stays text", async () => {
    const hostile = { ...impatient, seed: "<img src=x onerror=alert(1)>" } as unknown as Settings;
    const { page, complaints } = await openRun(hostile);
    expect(await page.getByRole("status").innerText()).toContain("seed is <img src=x");
    expect(await page.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  browserTest("to a long run shows the latest 20,000 steps, and says how many are missing", async () => {
    const { page } = await openRun({ ...impatient, durationMs: 100_000, recoveryMs: 10_000, script: [] });
    expect(await place(page)).toContain("event 1 of 20000");
    expect(await thisStep(page)).toMatch(/^\d{4,} earlier steps were too many to keep/);
  });

  browserTest("takes the place of another one while the page is open", async () => {
    const { page } = await openRun(impatient);
    const link = await playgroundLink({ ...impatient, recoveryMs: 10_000 }, "");
    await page.evaluate((hash) => (location.hash = hash), link);
    await page.getByText("Every property held").waitFor();
  });
});

describe("the keyboard", () => {
  browserTest("walks event by event, and to the ends", async () => {
    const { page } = await openRun({ ...impatient, recoveryMs: 10_000 });
    expect(await thisStep(page)).toContain("n1 starts");
    await page.keyboard.press("ArrowRight");
    expect(await place(page)).toContain("event 2 of");
    await page.keyboard.press("End");
    const [, last, count] = /event (\d+) of (\d+)/.exec((await place(page)) ?? "") ?? [];
    expect(last).toBe(count);
    await page.keyboard.press("ArrowRight");
    expect(await place(page)).toContain(`event ${count} of`);
    await page.keyboard.press("Home");
    expect(await place(page)).toContain("event 1 of");
  });

  browserTest("leaps from one fault or change of role to the next, and back", async () => {
    const { page } = await openRun({ ...impatient, recoveryMs: 10_000 });
    const told: string[] = [];
    for (let leaps = 0; leaps < 12; leaps += 1) {
      await page.keyboard.press("Shift+ArrowRight");
      told.push(await thisStep(page));
    }
    expect(told.join("\n")).toMatch(
      /becomes candidate in term 1[^]*becomes leader in term 1[^]*Fault: n3 crashes[^]*n3 goes down/,
    );
    await page.keyboard.press("Shift+ArrowLeft");
    expect(await thisStep(page)).toBe(told.at(-2));
  });

  browserTest("does not walk where it is typed", async () => {
    const { page } = await openRun({ ...impatient, recoveryMs: 10_000 });
    await page.getByLabel("Seed", { exact: true }).press("ArrowRight");
    expect(await place(page)).toContain("event 1 of");
  });

  browserTest("plays and pauses", async () => {
    const { page } = await openRun({ ...impatient, recoveryMs: 10_000 });
    await page.keyboard.press("Space");
    await page.getByText(/event \d\d+ of/).waitFor();
    await page.keyboard.press("Space");
    expect(await page.getByRole("button", { name: "Play" }).count()).toBe(1);
  });
});

describe("the form", () => {
  browserTest("runs what was chosen, and gives a link that opens the same run", async () => {
    const { page } = await stage.page();
    await page.getByLabel("Seed", { exact: true }).fill("77");
    await page.getByLabel("Nodes", { exact: true }).fill("5");
    await page.getByLabel("Seconds with faults").fill("2");
    await page.getByLabel("Faults", { exact: true }).selectOption("chosen below");
    await page.getByLabel("crash", { exact: true }).check();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Every property held").waitFor();
    await page.getByRole("button", { name: "Copy link" }).click();
    const link = await page.getByLabel("Link to this run").inputValue();
    const settings = await readPlaygroundLink(link);
    expect(settings).toMatchObject({ seed: 77, nodes: 5, durationMs: 2000, faults: { ...noFaults, crash: 12 } });
    const { traceHash } = await simulate({ ...settings, ...registers() });
    expect(await page.getByRole("status").innerText()).toContain(traceHash);
    expect(page.url()).toBe(link);
  });

  browserTest("stops a run that takes too long", async () => {
    const { page } = await stage.page(await playgroundLink({ ...impatient, durationMs: 1e9 }, ""));
    await page.getByText("of virtual time so far").waitFor();
    const workers = () => expect.poll(() => page.workers().length, { timeout: 20_000 });
    await workers().toBe(1);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("heading", { name: "Run a cluster" }).waitFor();
    // Browsers give a busy worker some seconds before they end it.
    await workers().toBe(0);
  });

  for (const { title, ending } of [
    { title: "A first election", ending: "Every property held" },
    { title: "The leader crashes", ending: "Every property held" },
    { title: "An old leader returns", ending: "Every property held" },
    { title: "Too little time to recover", ending: "liveness does not hold" },
  ]) {
    browserTest(`has an example: ${title}`, async () => {
      const { page, complaints } = await stage.page();
      await page.getByRole("button", { name: title }).click();
      await page.getByRole("heading", { name: ending }).waitFor();
      expect(complaints).toEqual([]);
    });
  }
});
