// What a reader has to load: little, and nothing from anybody else.
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPages } from "./browser.ts";

/** 90 kB. */
const MAX_SCRIPT_BYTES = 90_000;

let pages: Awaited<ReturnType<typeof buildPages>>;
beforeAll(async () => {
  pages = await buildPages();
});
afterAll(() => pages[Symbol.asyncDispose]());

async function filesOf(extensions: readonly string[]): Promise<readonly Buffer[]> {
  const files = await readdir(pages.folder, { recursive: true });
  const wanted = files.filter((file) => extensions.includes(extname(file)));
  return Promise.all(wanted.map((file) => readFile(join(pages.folder, file))));
}

test("the scripts of the page and its worker together are at most 90 kB, compressed", async () => {
  const scripts = await filesOf([".js"]);
  expect(scripts.length).toBe(2);
  const bytes = scripts.reduce((sum, script) => sum + gzipSync(script).byteLength, 0);
  expect(bytes).toBeLessThan(MAX_SCRIPT_BYTES);
});

test("the page names no other server", async () => {
  const texts = (await filesOf([".html", ".css", ".js"])).map(String);
  const named = texts.flatMap((text) => [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map(([, host]) => host));
  // Names of XML namespaces, and where links lead by default: this page itself.
  expect(named.filter((host) => host !== "www.w3.org" && host !== "localhost")).toEqual([]);
});
