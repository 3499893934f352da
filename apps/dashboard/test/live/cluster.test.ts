// The cluster page with a real cluster behind it: processes, a load, and a browser in which they are hurt and mended.
import { type OpenPage, openPage } from "@quorate/counter/demo/page/open-page";
import { type DemoOptions, parseOptions } from "@quorate/counter/demo/options";
import { Session } from "@quorate/counter/demo/session";
import { EventList } from "@quorate/counter/demo/story";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browserTest, buildPages, Chromium, violationsIn } from "../browser.ts";

/** What every test of this file looks at: a cluster under load that they hurt one after the other. */
type Scene = {
  readonly demo: DemoOptions;
  readonly session: Session;
  readonly events: EventList;
  /** The built page. */
  readonly folder: string;
  readonly chromium: Chromium;
  readonly page: Page;
  readonly complaints: readonly string[];
};

/** An election takes a fraction of a second, the start of a process some; a busy machine needs a multiple. */
const withinMs = 15_000;

const ended = new AbortController();
const release = new AsyncDisposableStack();
let scene: Scene;
let served: OpenPage;

/** Serves a page of the cluster: the one that all tests look at, or another one. */
async function serve({
  demo,
  session,
  events,
  folder,
}: Omit<Scene, "chromium" | "page" | "complaints">): Promise<OpenPage> {
  const page = await openPage({ session, demo, events, folder, end: () => ended.abort() });
  if (page === undefined) throw new Error("the page is not built");
  return page;
}

beforeAll(async () => {
  if (process.env["QUORATE_CHROMIUM_MISSING"] !== undefined) return;
  const demo = parseOptions([], true);
  if (demo === undefined) throw new Error("the options ask for help");
  const events = new EventList();
  const { folder } = release.use(await buildPages(["live.html"]));
  const { signal } = new AbortController();
  const onFailure = (message: string): void => events.tell(message);
  const session = await Session.start({ demo, story: events, signal, onFailure });
  release.defer(() => session.close());
  session.startLoad();
  served = await serve({ demo, session, events, folder });
  release.defer(() => served.close());
  const chromium = release.use(await Chromium.launch());
  const opened = await chromium.open(served.url, { viewport: { width: 1280, height: 900 } });
  opened.page.setDefaultTimeout(withinMs);
  scene = { demo, session, events, folder, chromium, ...opened };
});
afterAll(() => release.disposeAsync());

const textOf = (page: Page, name: string) => page.getByLabel(name, { exact: true }).innerText();
/** Waits until a part of the page says something; innerText has a line for each fact and its value. */
const says = (page: Page, name: string, words: RegExp) =>
  expect.poll(() => textOf(page, name), { timeout: withinMs }).toMatch(words);
/** A button by the beginning of its name; behind it may stand the key that does the same. */
const button = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^${name}`) });

async function leaderOn(page: Page): Promise<string> {
  await says(page, "Cluster at a glance", /Leader\s+n\d/);
  return /Leader\s+(n\d)/.exec(await textOf(page, "Cluster at a glance"))?.[1] ?? "";
}

browserTest("shows who leads, and that writes are acknowledged", async () => {
  const { page, session } = scene;
  const led = async () => (await session.observer.leader()).id === (await leaderOn(page));
  await expect.poll(led, { timeout: withinMs }).toBe(true);
  const leader = await leaderOn(page);
  await says(page, "Cluster at a glance", /Writes per second\s+[1-9]/);
  await says(page, "Cluster at a glance", /Tolerates\s+1 more failure/);
  await says(page, `Node ${leader}`, /leader\s+term \d+/);
  expect(await page.getByRole("img").first().getAttribute("aria-label")).toContain(`${leader} leader in term`);
});

browserTest("cuts the leader off, link by link, until another one leads, and heals", async () => {
  const { page, session } = scene;
  const lonely = await leaderOn(page);
  for (const other of ["n1", "n2", "n3"].filter((id) => id !== lonely)) {
    await button(page, `${lonely} to ${other}: whole`).click();
    await page.getByLabel("cut: nothing gets through").check();
    await page.getByLabel(`also from ${other} to ${lonely}`).check();
    await button(page, "Apply").click();
    await button(page, `${other} to ${lonely}: cut`).waitFor();
  }
  await says(page, `Node ${lonely}`, /cut off/);
  await says(page, "Cluster at a glance", new RegExp(`Leader\\s+(?!${lonely})n\\d`));
  await says(page, "Cluster at a glance", /Tolerates\s+no more failures/);
  await says(page, "Story", /→n\d cut/);
  await says(page, "Story", /n\d LEADER term \d+, writes paused for \d+ ms/);
  await says(page, "Network", /kept away by cuts\s+[1-9]/);
  expect(session.network.isCutOff(lonely)).toBe(true);
  await button(page, "Heal all cuts").click();
  await says(page, `Node ${lonely}`, /follower/);
  expect(session.network.hasCuts).toBe(false);
});

browserTest("kills a node and starts it again, and offers only what makes sense", async () => {
  const { page, session } = scene;
  const isOff = (name: string) => button(page, name).getAttribute("aria-disabled");
  expect(await isOff("Restart n1")).toBe("true");
  await button(page, "Kill n1").click();
  await says(page, "Node n1", /down/);
  expect(session.cluster.isRunning("n1")).toBe(false);
  expect([await isOff("Kill n1"), await isOff("Pause n1"), await isOff("Restart n1")]).toEqual([
    "true",
    "true",
    "false",
  ]);
  await button(page, "Restart n1").click();
  await says(page, "Node n1", /follower|leader/);
  await says(page, "Story", /n1 is back and has applied index \d+/);
});

browserTest("spoils one direction, says what its faults have done, and why a value is refused", async () => {
  const { page } = scene;
  const leader = await leaderOn(page);
  const other = leader === "n1" ? "n2" : "n1";
  await button(page, `${leader} to ${other}: whole`).click();
  await page.getByLabel("Doubled, %").fill("50");
  await page.getByLabel("Delay from, ms").fill("9");
  await button(page, "Apply").click();
  await page.getByRole("alert").getByText("the shortest delay is at most as long as the longest").waitFor();
  await page.getByLabel("to, ms", { exact: true }).fill("9");
  await page.keyboard.press("Enter");
  await button(page, `${leader} to ${other}: 50 % doubled 9–9 ms late`).waitFor();
  expect(await page.getByRole("alert").innerText()).toBe("");
  await says(page, "Network", /doubled\s+[1-9]/);
  await button(page, "Good network").click();
  await button(page, `${leader} to ${other}: whole`).waitFor();
});

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`keeps the rules for accessible pages in ${colorScheme} colours`, async () => {
    const { page } = scene;
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await button(page, "n1 to n2: whole").click();
    expect(await violationsIn(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("title"))).toBe("n1 to n2: whole");
  });
}

browserTest("fits a screen of 360 pixels", async () => {
  const { page } = scene;
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  await button(page, "n3 to n2: whole").click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  await page.keyboard.press("Escape");
});

browserTest("does not show the cluster to a page without the token", async () => {
  const { chromium } = scene;
  const { page } = await chromium.open(served.url.replace(/token=.*/, "token=guess"));
  await page.getByText("The token of this run is missing or wrong").waitFor();
  expect(await page.getByLabel("Cluster at a glance").count()).toBe(0);
});

browserTest("says that its picture is old when the demo is gone, and offers nothing then", async () => {
  const { chromium } = scene;
  const other = await serve(scene);
  const { page } = await chromium.open(other.url);
  await leaderOn(page);
  await other.close();
  await page.getByText("Connection lost, trying again. The picture below is old.").waitFor();
  expect(await button(page, "Kill n1").getAttribute("aria-disabled")).toBe("true");
});

browserTest("ends the run, and shows that nothing was lost or done twice", async () => {
  const { page, session, complaints } = scene;
  await button(page, "End the run and prove").click();
  await button(page, "Yes, end the run").click();
  await expect.poll(() => ended.signal.aborted).toBe(true);
  const verdict = await session.prove();
  expect(verdict.problems).toEqual([]);
  served.conclude(verdict);
  await served.close();
  await page.getByRole("heading", { name: "The proof held: 0 lost, 0 duplicated" }).waitFor();
  await page.getByText("The run has ended. This is its last picture.").waitFor();
  // Browsers complain about an answer that refuses; one command was refused.
  expect(complaints).toEqual([expect.stringContaining("status of 400")]);
});
