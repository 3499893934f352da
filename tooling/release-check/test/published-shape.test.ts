// publint really runs, and its smallest complaint counts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { publintProblems } from "../src/published-shape.ts";

const manifest = { name: "x", version: "1.0.0", type: "module", license: "MIT", files: ["dist"], sideEffects: false };

function unpack(fields: object): string {
  const folder = mkdtempSync(join(tmpdir(), "quorate-shape-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "dist"));
  writeFileSync(join(folder, "dist/index.js"), "export const a = 1;\n");
  writeFileSync(join(folder, "dist/index.d.ts"), "export declare const a: number;\n");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, ...fields }));
  return folder;
}

test("a sound package has no problems", async () => {
  const exports = { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } };
  expect(await publintProblems({ unpacked: unpack({ exports, engines: { node: ">=22.12" } }) })).toEqual([]);
});

test.each([
  { exports: { ".": { types: "./dist/index.d.ts", default: "./dist/missing.js" } } },
  { exports: { ".": { default: "./dist/index.js", types: "./dist/index.d.ts" } } },
])("a package with %j has a problem", async (fields) => {
  expect(await publintProblems({ unpacked: unpack(fields) })).not.toEqual([]);
});
