// What a reader has to load: little, and nothing from anybody else.
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPages } from "./browser.ts";

/** Compressed, in bytes: 90 kB for the playground with its worker, 40 kB for the cluster page. */
const MAX_PLAYGROUND_BYTES = 90_000;
const MAX_LIVE_BYTES = 40_000;

let pages: Awaited<ReturnType<typeof buildPages>>;
beforeAll(async () => {
  pages = await buildPages(["index.html", "live.html"]);
});
afterAll(() => pages[Symbol.asyncDispose]());

async function filesOf(extensions: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = await readdir(pages.folder, { recursive: true });
  const wanted = files.filter((file) => extensions.includes(extname(file)));
  return new Map(
    await Promise.all(wanted.map(async (file) => [file, await readFile(join(pages.folder, file), "utf8")] as const)),
  );
}

/** The scripts that a page loads, directly or because another one names them. */
async function scriptsOf(page: string): Promise<ReadonlyMap<string, string>> {
  const scripts = await filesOf([".js"]);
  const loaded = new Map<string, string>();
  const load = (text: string): void => {
    for (const [file, script] of scripts) {
      if (loaded.has(file) || !text.includes(basename(file))) continue;
      loaded.set(file, script);
      load(script);
    }
  };
  load(await readFile(join(pages.folder, page), "utf8"));
  return loaded;
}

const bytesOf = (scripts: ReadonlyMap<string, string>) =>
  [...scripts.values()].reduce((sum, script) => sum + gzipSync(script).byteLength, 0);

test("the scripts of the playground and its worker together are at most 90 kB, compressed", async () => {
  const scripts = await scriptsOf("index.html");
  expect([...scripts.keys()].some((file) => file.includes("worker"))).toBe(true);
  expect(bytesOf(scripts)).toBeLessThan(MAX_PLAYGROUND_BYTES);
});

test("the scripts of the cluster page are at most 40 kB, compressed, and have no simulator in them", async () => {
  const scripts = await scriptsOf("live.html");
  expect(scripts.size).toBeGreaterThan(0);
  expect([...scripts.keys()].filter((file) => file.includes("worker"))).toEqual([]);
  expect(bytesOf(scripts)).toBeLessThan(MAX_LIVE_BYTES);
});

test("the pages have what both need in common once", async () => {
  const [playground, live] = [await scriptsOf("index.html"), await scriptsOf("live.html")];
  expect([...live.keys()].filter((file) => playground.has(file)).length).toBeGreaterThan(0);
});

test("the cluster page runs no script and no style that is not a file of its own", async () => {
  const document = await readFile(join(pages.folder, "live.html"), "utf8");
  expect(document).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=|data:/);
});

test("the pages name no other server", async () => {
  const texts = [...(await filesOf([".html", ".css", ".js"])).values()];
  const named = texts.flatMap((text) => [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map(([, host]) => host));
  // Names of XML namespaces, and where links lead by default: this page itself.
  expect(named.filter((host) => host !== "www.w3.org" && host !== "localhost")).toEqual([]);
});
