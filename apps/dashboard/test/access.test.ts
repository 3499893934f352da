// The playground for everybody: rules of accessibility, small screens, readers who want nothing to move, and the log as text.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { browserTest, Stage, violationsIn } from "./browser.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** The page with a run in which something happens, at a moment in which links are cut. */
async function openExample(options: Parameters<Stage["page"]>[1] = {}) {
  const { page } = await stage.page("", options);
  await page.getByRole("button", { name: "An old leader returns" }).click();
  await page.getByText("Every property held").waitFor();
  for (let leaps = 0; leaps < 12; leaps += 1) await page.keyboard.press("Shift+ArrowRight");
  return page;
}

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`keeps the rules for accessible pages in ${colorScheme} colours`, async () => {
    const page = await openExample({ colorScheme });
    expect(await violationsIn(page)).toEqual([]);
  });
}

browserTest("fits a screen of 360 pixels", async () => {
  const page = await openExample({ viewport: { width: 360, height: 740 } });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const latest = page.getByRole("columnheader").last();
  expect(await latest.textContent()).toBe("13");
  expect((await latest.boundingBox())?.x).toBeLessThan(340);
  await page.getByRole("button", { name: "Next event" }).click();
});

browserTest("plays nothing by itself for readers who want less motion", async () => {
  const page = await openExample({ reducedMotion: "reduce" });
  expect(await page.getByRole("button", { name: "Play" }).count()).toBe(0);
  await page.getByRole("button", { name: "Next event" }).click();
});

browserTest("says roles, cut links and committed entries in words and shapes too", async () => {
  const page = await openExample();
  expect(await page.getByRole("img").getAttribute("aria-label")).toMatch(
    /n1 leader in term 2; n2 follower in term 2; n3 \S+ in term 1/,
  );
  expect(await page.getByRole("img").textContent()).toContain("✕");
  expect(await page.getByRole("row", { name: /^n3/ }).textContent()).toMatch(/1, committed, applied/);
});

browserTest("gives every event as a text file", async () => {
  const page = await openExample();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the whole log as text" }).click();
  const text = await readFile(await (await download).path(), "utf8");
  expect(text).toMatch(/0\.000 ms {2}n1 starts\n/);
  expect(text).toContain("heartbeatRequest in term 2");
  expect(text).toContain("n3 becomes leader in term 1");
  expect(text.split("\n").length).toBeGreaterThan(500);
});
