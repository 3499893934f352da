// Directories for tests, removed when the test file is done.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];

afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** An empty directory of its own. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "quorate-storage-sqlite-"));
  made.push(directory);
  return directory;
}
