// The commands that look into a stopped node's directory: what they print, and the exit code that a script acts on.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { LogStorage } from "@quorate/contracts";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { composeAdapters } from "../../src/compose.ts";
import { checkConfig } from "../../src/config/check.ts";
import { FakeService } from "../http/fake-node.ts";
import { run } from "./run.ts";

let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "quorate-disk-"));
  const { storage, snapshots } = adaptersOn(directory);
  await storage.load();
  await storage.initialise({
    clusterId: "demo",
    nodeId: "n1",
    incarnation: "0a1b",
    configuration: { voters: ["n1", "n2"], learners: [] },
  });
  for (let index = 1; index <= 20; index += 1) await append(storage, index);
  await snapshots.load();
  const writer = await snapshots.create({ index: 5, term: 1, configuration: { voters: ["n1", "n2"], learners: [] } });
  await writer.write(Buffer.from("the state"));
  await writer.commit();
  await storage.compact({ index: 5, term: 1 });
  await storage.close();
  await snapshots.close();
});

function adaptersOn(data: string): ReturnType<typeof composeAdapters> {
  const members = { n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" } };
  const { config } = checkConfig({ cluster: "demo", id: "n1", data, members }, "test");
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  return composeAdapters(config);
}

async function append(storage: LogStorage, index: number): Promise<void> {
  const data = new TextEncoder().encode(`entry ${index}`);
  await storage.write({ hardState: { term: 1, votedFor: "n1" }, entries: [{ index, term: 1, kind: "command", data }] });
}

/** Rot in the middle of the log. */
function damage(): { readonly file: string } {
  const file = join(directory, "segment-0000000001.log");
  const bytes = readFileSync(file);
  bytes.write("rot", bytes.indexOf("entry 12"));
  writeFileSync(file, bytes);
  return { file };
}

describe("log show", () => {
  test("prints whose the log is, what it holds, and its last entries", async () => {
    const { exitCode, stdout } = await run(["log", "show", directory], {});
    expect(exitCode).toBe(0);
    expect(stdout).toContain("node n1 of cluster demo, incarnation 0a1b");
    expect(stdout).toContain("6 to 20, the last of term 1; entry 5 of term 1 and all before were compacted");
    expect(stdout.split("\n").filter((line) => line.includes("segment-0000000001.log+"))).toHaveLength(10);
    expect(stdout).toMatch(/20 {2}term 1 +command +8 bytes {2}segment-0000000001\.log\+\d+ {2}entry 20\n$/);
  });

  test("prints the entries of a range as JSON lines behind the report", async () => {
    const { stdout } = await run(["log", "show", directory, "--from", "7", "--to", "8", "-o", "json"], {});
    const [report, ...entries] = stdout
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(report).toMatchObject({ schemaVersion: 1, last: { index: 20, term: 1 }, base: { index: 5 } });
    expect(entries).toMatchObject([
      { index: 7, term: 1, kind: "command", bytes: 7, data: Buffer.from("entry 7").toString("base64") },
      { index: 8, offset: expect.any(Number) },
    ]);
  });

  test("shows what stands before the damage, and ends with 1", async () => {
    damage();
    const { exitCode, stdout } = await run(["log", "show", directory], {});
    expect(exitCode).toBe(1);
    expect(stdout).toContain("QUORATE_LOG_CORRUPT in");
    expect(stdout).toMatch(/readable +1 to 11/);
    expect(stdout).toMatch(/entry 11\n$/);
  });
});

describe("log verify", () => {
  test("says that a directory is intact, and ends with 0", async () => {
    const before = readdirSync(directory);
    await expect(run(["log", "verify", directory], {})).resolves.toMatchObject({
      exitCode: 0,
      stdout: `${directory}: intact (snapshot 5, then entries 6 to 20, term 1)\n`,
    });
    expect(readdirSync(directory)).toEqual(before);
  });

  test("names file, offset, meaning and remedy of damage, and ends with 1", async () => {
    const { file } = damage();
    const { exitCode, stdout } = await run(["log", "verify", directory], {});
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`QUORATE_LOG_CORRUPT in ${file}, offset `);
    expect(stdout).toMatch(/expected +batch \d+\n {2}found .*\n {2}means .*\n {2}remedy /);
    const json = await run(["log", "verify", directory, "-o", "json"], {});
    expect(JSON.parse(json.stdout)).toMatchObject({ intact: false, problems: [{ file, offset: expect.any(Number) }] });
  });

  test("finds that a snapshot is missing which the log needs", async () => {
    rmSync(join(directory, "snapshot-0000000000000005.bin"));
    const { exitCode, stdout } = await run(["log", "verify", directory], {});
    expect(exitCode).toBe(1);
    expect(stdout).toContain("The log begins after entry 5, so a snapshot up to there is needed, but there is none.");
  });

  test("refuses a directory that a node has open", async () => {
    const { storage } = adaptersOn(directory);
    await storage.load();
    const { exitCode, stderr } = await run(["log", "verify", directory], {});
    await storage.close();
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("QUORATE_DATA_LOCKED");
  });

  test.each([
    [["log", "verify"]],
    [["log", "verify", "/nowhere/at/all"]],
    [["log", "verify", tmpdir()]],
    [["log", "show", tmpdir(), "--from", "0"]],
  ])("ends with 2 if it was called wrongly: %j", async (argv) => {
    await expect(run(argv, {})).resolves.toMatchObject({ exitCode: 2, stdout: "" });
  });
});

describe("snapshot inspect", () => {
  test("prints what the snapshot holds, and ends with 0 if it is intact", async () => {
    const { exitCode, stdout } = await run(["snapshot", "inspect", directory], {});
    expect(exitCode).toBe(0);
    expect(stdout).toContain("the state after entry 5 of term 1, 9 bytes");
    expect(stdout).toContain("voters n1, n2");
    expect(stdout).toContain("every byte is intact");
  });

  test("verifies a saved one, and names what is wrong with it", async () => {
    const service = new FakeService();
    const chunks = async function* (): AsyncIterable<Uint8Array> {
      yield Buffer.from("state!");
    };
    const facts = { index: 8, term: 2, configuration: { voters: ["n1"], learners: ["n4"] }, sizeBytes: 6 };
    service.snapshot = { snapshot: { ...facts, checksum: crc32("state!") }, chunks };
    const file = join(directory, "backup.quorate");
    await run(["snapshot", "save", file], { "127.0.0.1:8101": service });
    const { exitCode, stdout } = await run(["snapshot", "inspect", file], {});
    expect(exitCode).toBe(0);
    expect(stdout).toContain("backup.quorate  saved from node n1 of cluster demo");
    expect(stdout).toContain("the state after entry 8 of term 2, 6 bytes");
    expect(stdout).toContain("voters n1; learners n4");
    const json = await run(["snapshot", "inspect", file, "-o", "json"], {});
    expect(JSON.parse(json.stdout)).toMatchObject({ schemaVersion: 1, index: 8, cluster: "demo" });
    writeFileSync(file, readFileSync(file, "utf8").replace("state!", "State!"));
    const changed = await run(["snapshot", "inspect", file], {});
    expect(changed).toMatchObject({ exitCode: 1, stdout: "" });
    expect(changed.stderr).toMatch(/QUORATE_SNAPSHOT_CORRUPT: .*its checksum should be [0-9a-f]{8}, found [0-9a-f]{8}/);
  });

  test("says that it does not look into SQLite, instead of finding nothing there", async () => {
    const other = mkdtempSync(join(tmpdir(), "quorate-disk-"));
    onTestFinished(() => rmSync(other, { recursive: true, force: true }));
    writeFileSync(join(other, "log.sqlite"), "");
    const { exitCode, stderr } = await run(["snapshot", "inspect", other], {});
    expect(exitCode).toBe(2);
    expect(stderr).toContain("holds SQLite databases");
  });

  test("names the damage, and ends with 1", async () => {
    const file = join(directory, "snapshot-0000000000000005.bin");
    const bytes = readFileSync(file);
    bytes.write("THE", bytes.indexOf("the state"));
    writeFileSync(file, bytes);
    const { exitCode, stdout } = await run(["snapshot", "inspect", directory], {});
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`QUORATE_SNAPSHOT_CORRUPT in ${file}, offset `);
  });
});
