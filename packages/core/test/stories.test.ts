// The stories in test/stories: what the core does, told step by step, in words. After a change that is meant to change them,
// QUORATE_STORIES=write tells them anew; read the difference before you keep it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openingOf, tellAgain } from "./support/story-file.ts";

const folder = join(import.meta.dirname, "stories");
const stories = readdirSync(folder).map((name) => {
  const path = join(folder, name);
  const story = readFileSync(path, "utf8");
  return { name, path, story, sentence: openingOf(story) };
});

describe("a story", () => {
  test.each(stories)("$name: $sentence", ({ path, story }) => {
    const told = tellAgain(story);
    if (process.env["QUORATE_STORIES"] === "write") writeFileSync(path, told);
    expect(told).toBe(readFileSync(path, "utf8"));
  });

  test("is told in many ways: elections, entries, members, snapshots, reads, hand-overs, disks", () => {
    expect(stories.length).toBeGreaterThanOrEqual(40);
  });
});
