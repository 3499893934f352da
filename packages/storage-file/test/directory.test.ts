// The store in a real directory: what it makes there, what it leaves alone, and what it says when it cannot work there.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileLogStorage } from "../src/index.ts";
import { codeOfRejection, command, findIn } from "./logs.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const identity = {
  clusterId: "c1",
  nodeId: "n1",
  incarnation: "i1",
  configuration: { voters: ["n1"], learners: [] },
};

test("a directory is made with those above it, and holds an identity, term and vote, and segments of full size", async () => {
  const directory = join(temporaryDirectory(), "data", "n1");
  const storage = fileLogStorage({ directory });
  await storage.load();
  await storage.initialise(identity);
  await storage.write({ entries: [command(1, 1)] });
  await storage.close();
  expect(readdirSync(directory).toSorted()).toEqual(["hard-state.bin", "identity.json", "segment-0000000001.log"]);
  expect(statSync(join(directory, "segment-0000000001.log")).size).toBe(8 * 1024 * 1024);
});

test("foreign files are left alone, and what a crash left unfinished is removed", async () => {
  const directory = temporaryDirectory();
  const foreign = ["notes.txt", "segment-1.log", "segment-0000000002.log.bak", "lock-1.sock", "identity.json.old"];
  for (const name of foreign) writeFileSync(join(directory, name), name);
  mkdirSync(join(directory, "segments"));
  writeFileSync(join(directory, "segment-0000000009.log.tmp"), "unfinished");
  const storage = fileLogStorage({ directory, segmentBytes: 64 * 1024 });
  await storage.load();
  await storage.write({ entries: [command(1, 1)] });
  await storage.close();
  const ours = ["hard-state.bin", "segment-0000000001.log"];
  expect(readdirSync(directory).toSorted()).toEqual([...foreign, ...ours, "segments"].toSorted());
  for (const name of foreign) expect(readFileSync(join(directory, name), "utf8")).toBe(name);
});

test("a path that is a file is refused with a remedy", async () => {
  const path = join(temporaryDirectory(), "file");
  writeFileSync(path, "");
  const error: unknown = await fileLogStorage({ directory: join(path, "data") })
    .load()
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "QUORATE_STORAGE_FAILED", hint: expect.stringContaining("another directory") });
});

test("a log that spans real segments is found again", async () => {
  const directory = temporaryDirectory();
  const storage = fileLogStorage({ directory, segmentBytes: 64 * 1024 });
  await storage.load();
  const log = Array.from({ length: 100 }, (_, offset) => command(1 + offset, 1, 3000));
  await Promise.all(log.map((one) => storage.write({ entries: [one] })));
  await storage.close();
  const reopened = fileLogStorage({ directory, segmentBytes: 64 * 1024 });
  expect((await findIn(reopened)).entries).toEqual(log);
  await reopened.close();
});

test("a log that is compacted as it grows takes a bounded number of real segments", async () => {
  const directory = temporaryDirectory();
  const storage = fileLogStorage({ directory, segmentBytes: 64 * 1024 });
  await storage.load();
  await storage.initialise(identity);
  for (let index = 1; index <= 400; index += 1) {
    const write = storage.write({ entries: [command(index, 1, 3000)] });
    if (index % 20 === 0) await storage.compact({ index: index - 5, term: 1 });
    await write;
  }
  await storage.close();
  const segments = readdirSync(directory).filter((name) => name.endsWith(".log"));
  expect(segments.length).toBeLessThanOrEqual(3);
  expect(segments).not.toContain("segment-0000000001.log");
  const reopened = fileLogStorage({ directory, segmentBytes: 64 * 1024 });
  const { base, entries } = await findIn(reopened);
  expect([base, entries.length]).toEqual([{ index: 395, term: 1 }, 5]);
  await reopened.close();
});

test("a store is used after load, and loaded once", async () => {
  const storage = fileLogStorage({ directory: temporaryDirectory(), segmentBytes: 64 * 1024 });
  expect(await codeOfRejection(storage.write({ entries: [] }))).toBe("QUORATE_NOT_LOADED");
  await storage.load();
  expect(await codeOfRejection(storage.load())).toBe("QUORATE_NOT_LOADED");
  await storage.close();
});
