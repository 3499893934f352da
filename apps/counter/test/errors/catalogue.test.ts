// The one table of error codes: every code that the sources name is in it, and its entries fit the interfaces.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogueCodes, describeCode, problemType } from "../../src/errors/catalogue.ts";

const sources = new URL("../../src", import.meta.url).pathname;

/** The demo is a program of its own, and the environment has names too. */
const isOtherName = (name: string): boolean => name === "QUORATE_ENDPOINTS" || name.startsWith("QUORATE_DEMO");

function codesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("demo"))
    .flatMap((file) => readFileSync(join(directory, file), "utf8").match(/QUORATE_[A-Z]+(?:_[A-Z]+)*/g) ?? []);
}

test("every code that the sources name is in the catalogue", () => {
  const named = codesIn(sources).filter((name) => !isOtherName(name));
  expect(named.filter((code) => !catalogueCodes.includes(code))).toEqual([]);
  expect(named.length).toBeGreaterThan(20);
});

test.each(catalogueCodes)("%s has a title, a hint, an HTTP status and an exit code", (code) => {
  const entry = describeCode(code);
  expect(entry.title).toMatch(/^[A-Z].*[^.]$/);
  expect(entry.hint).toMatch(/^[A-Z].*\.$/);
  expect(entry.status === 307 || (entry.status >= 400 && entry.status < 600)).toBe(true);
  expect(entry.exitCode).toBeGreaterThanOrEqual(1);
  expect(entry.exitCode).toBeLessThanOrEqual(6);
});

test("an unknown code has a general description, and inherited names are not codes", () => {
  expect(describeCode("QUORATE_FROM_THE_FUTURE")).toMatchObject({ status: 500, exitCode: 1 });
  expect(describeCode("toString")).toMatchObject({ status: 500, exitCode: 1 });
});

test("a problem type is a URI made of the code", () => {
  expect(problemType("QUORATE_NO_LEADER")).toBe("urn:quorate:error:no-leader");
});
