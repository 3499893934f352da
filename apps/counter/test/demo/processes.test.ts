// Server processes from the demo's side, tried on small stand-in programs.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isReadyLine, NodeProcess } from "../../src/demo/node-process.ts";
import { findFreePorts } from "../../src/demo/ports.ts";
import { until } from "../../src/demo/wait.ts";

async function withProgram(source: string, use: (node: NodeProcess) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "quorate-test-"));
  const program = join(directory, "server.mjs");
  writeFileSync(program, source);
  const node = new NodeProcess("n1", [process.execPath, program], "config.json");
  try {
    await use(node);
  } finally {
    node.kill("SIGKILL");
    await node.exited;
    rmSync(directory, { recursive: true });
  }
}

const readyLine = `console.log(JSON.stringify({ level: 30, msg: "ready", args: process.argv.slice(2) }));`;

test("a process is ready when it says so in its log, and is started with its configuration", async () => {
  await withProgram(`${readyLine} setInterval(() => {}, 1000);`, async (node) => {
    await node.ready;
    expect(node.running).toBe(true);
    expect(node.output).toContain('["start","--config","config.json"]');
  });
});

test("a process that ends before it is ready rejects with its exit code and its last output", async () => {
  await withProgram(`console.error("port in use"); process.exitCode = 7;`, async (node) => {
    await expect(node.ready).rejects.toMatchObject({
      code: "QUORATE_DEMO_NODE_ENDED",
      message: expect.stringMatching(/exit code 7[^]*port in use/),
    });
  });
});

test("a paused process can be killed", async () => {
  await withProgram(`${readyLine} setInterval(() => {}, 1000);`, async (node) => {
    await node.ready;
    node.pause();
    expect(node.paused).toBe(true);
    node.kill("SIGKILL");
    await expect(node.exited).resolves.toEqual({ code: null, signal: "SIGKILL" });
    expect(node.paused).toBe(false);
  });
});

test("only a log entry whose message is `ready` is the ready line", () => {
  expect(isReadyLine('{"level":30,"msg":"ready"}')).toBe(true);
  expect(isReadyLine('{"level":30,"msg":"not ready"}')).toBe(false);
  expect(isReadyLine("ready")).toBe(false);
  expect(isReadyLine("null")).toBe(false);
});

test("free ports are distinct and can be listened on", async () => {
  const ports = await findFreePorts(9);
  expect(new Set(ports).size).toBe(9);
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(ports[0], "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
});

test("waiting in vain ends at the deadline and says what was waited for", async () => {
  const waiting = until({ what: "the impossible", withinMs: 5, everyMs: 1 }, () => undefined);
  await expect(waiting).rejects.toMatchObject({
    code: "QUORATE_DEMO_TIMEOUT",
    message: expect.stringContaining("the impossible"),
  });
});
