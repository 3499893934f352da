// Databases of format version 1, made once and kept: they must open for as long as version 1 is promised. If the format changes,
// give it another version, keep these, and add files of that one.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sqliteLogStorage, sqliteSnapshotStore } from "../src/index.ts";
import { command, findIn } from "./logs.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const configuration = { voters: ["n1", "n2"], learners: ["n3"] };
const identity = { clusterId: "golden", nodeId: "n1", incarnation: "i1", configuration };
const content = new TextEncoder().encode("the state after entry 3; ".repeat(200));

/** A copy of the golden databases: opening one may write to it. */
function goldenDirectory(): string {
  const directory = temporaryDirectory();
  for (const name of ["log", "snapshots"]) {
    cpSync(join(import.meta.dirname, "golden", `${name}-v1.sqlite`), join(directory, `${name}.sqlite`));
  }
  return directory;
}

test("a log of version 1 holds what was put in, and goes on", async () => {
  const storage = sqliteLogStorage({ directory: goldenDirectory() });
  expect(await findIn(storage)).toEqual({
    hardState: { term: 2 ** 40, votedFor: "n2" },
    base: { index: 3, term: 1 },
    entries: [
      { index: 4, term: 1, kind: "configuration", data: new TextEncoder().encode("n1,n2") },
      { index: 5, term: 2, kind: "empty", data: new Uint8Array(0) },
      command(6, 2 ** 40, 10_000),
    ],
  });
  await storage.write({ entries: [command(7, 2 ** 40)] });
  await storage.close();
});

test("an identity of version 1 is found", async () => {
  const storage = sqliteLogStorage({ directory: goldenDirectory() });
  expect((await storage.load()).identity).toEqual(identity);
  await storage.close();
});

test("a snapshot of version 1 holds what was put in", async () => {
  const store = sqliteSnapshotStore({ directory: goldenDirectory() });
  expect(await store.load()).toMatchObject({ index: 3, term: 1, configuration, sizeBytes: content.length });
  const reader = await store.openLatest();
  expect(await reader?.read(0, content.length)).toEqual(content);
  await store.close();
});
