// A node that finds its own files damaged: when it stops, when it sets them aside, and what it tells.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QuorateError } from "@quorate/contracts";
import { pino } from "pino";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { checkConfig } from "../src/config/check.ts";
import type { Config } from "../src/config/types.ts";
import { startOrRebuild } from "../src/rebuild.ts";

const logger = pino({ level: "silent" });
const damage = new QuorateError({ code: "QUORATE_LOG_CORRUPT", message: "a segment is damaged", hint: "do something" });
const files = [
  "hard-state.bin",
  "identity.json",
  "segment-0000000001.log",
  "snapshot-0000000000000007.bin",
  "log.sqlite-wal",
];

let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "quorate-rebuild-"));
  for (const name of [...files, "notes.txt"]) writeFileSync(join(data, name), name);
  return () => rmSync(data, { recursive: true, force: true });
});

function configWith(onCorruption: "halt" | "rebuild", http: string): Config {
  const members = {
    n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" },
    n2: { peer: "127.0.0.1:7102", http },
    n3: { peer: "127.0.0.1:7103", http: "127.0.0.1:1" },
  };
  return checkConfig({ cluster: "demo", id: "n1", data, members, storage: { onCorruption } }, "test").config;
}

/** A start that fails with this error as long as the identity is there. */
function startThatFailsWith(error: Error): () => Promise<string> {
  return async () => {
    if (existsSync(join(data, "identity.json"))) throw error;
    return "running";
  };
}

/** Another member's status, on a port of its own. */
async function memberThatAnswers(status: object): Promise<string> {
  const server = createServer((_request, response) => response.end(JSON.stringify(status)));
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  onTestFinished(() => void server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

async function rebuild(
  onCorruption: "halt" | "rebuild",
  { status, error = damage }: { readonly status: object; readonly error?: Error },
): Promise<string> {
  const config = configWith(onCorruption, await memberThatAnswers(status));
  const context = { config, logger, leaderWithinMs: 0 };
  return startOrRebuild(context, startThatFailsWith(error));
}

const hasLeader = { cluster: "demo", leader: { id: "n3" } };

describe("a node whose files are damaged", () => {
  test("stops, changes nothing and names the remedy, if it was not told otherwise", async () => {
    await expect(rebuild("halt", { status: hasLeader })).rejects.toMatchObject({
      code: "QUORATE_LOG_CORRUPT",
      message: "a segment is damaged",
      hint: expect.stringMatching(/must not vote .*quorate log verify .*--rebuild/),
    });
    expect(readdirSync(data).toSorted()).toEqual([...files, "notes.txt"].toSorted());
  });

  test("keeps its files aside and starts anew, if it was told to and the others have a leader", async () => {
    await expect(rebuild("rebuild", { status: hasLeader })).resolves.toBe("running");
    const [folder = "", ...rest] = readdirSync(data).toSorted();
    expect(folder).toMatch(/^damaged-\d{4}-/);
    expect(rest).toEqual(["notes.txt"]);
    expect(readdirSync(join(data, folder)).toSorted()).toEqual(files.toSorted());
  });

  test.each([
    { situation: "knows no leader", status: { cluster: "demo", leader: null } },
    { situation: "still believes in this node", status: { cluster: "demo", leader: { id: "n1" } } },
    { situation: "is of another cluster", status: { cluster: "other", leader: { id: "n3" } } },
    { situation: "makes no sense", status: ["?"] },
  ])(
    "stops and changes nothing, even if it was told to rebuild, if the only other one $situation",
    async ({ status }) => {
      await expect(rebuild("rebuild", { status })).rejects.toMatchObject({
        code: "QUORATE_REBUILD_IMPOSSIBLE",
        message: expect.stringMatching(/needs 2 of 3 nodes with intact files.*a segment is damaged/),
        hint: expect.stringContaining("do not delete anything"),
      });
      expect(readdirSync(data)).toHaveLength(files.length + 1);
    },
  );

  test("can be rebuilt more than once: each time the files get a folder of their own", async () => {
    mkdirSync(join(data, "damaged-2020-01-01T00-00-00-000Z"));
    await rebuild("rebuild", { status: hasLeader });
    expect(readdirSync(data).filter((name) => name.startsWith("damaged-"))).toHaveLength(2);
  });
});

test("other errors of a start are passed on, and nothing is set aside", async () => {
  const error = new QuorateError({ code: "QUORATE_NODE_MISMATCH", message: "not yours", hint: "none" });
  await expect(rebuild("rebuild", { status: hasLeader, error })).rejects.toBe(error);
  expect(readdirSync(data)).toHaveLength(files.length + 1);
});
