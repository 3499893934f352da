// Server processes from the demo's side, tried on small stand-in programs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { isReadyLine, NodeProcess } from "../../src/demo/node-process.ts";
import { findFreePorts } from "../../src/demo/ports.ts";
import { delayUnless, until } from "../../src/demo/wait.ts";

async function withFile(source: string, use: (program: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "quorate-test-"));
  const program = join(directory, "server.mjs");
  writeFileSync(program, source);
  try {
    await use(program);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function withProgram(source: string, use: (node: NodeProcess) => Promise<void>): Promise<void> {
  return withFile(source, async (program) => {
    const node = new NodeProcess("n1", [process.execPath, program], "config.json");
    try {
      await use(node);
    } finally {
      node.kill("SIGKILL");
      await node.exited;
    }
  });
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

const listening = `
import { createServer } from "node:net";
const server = createServer().listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ msg: "ready", port: server.address().port })),
);`;

test.each(["running", "paused"])("a node that is %s is gone when the demo was killed", async (state) => {
  await withFile(listening, async (program) => {
    const fixture = join(import.meta.dirname, "fixtures/start-node.ts");
    const demo = spawn(process.execPath, ["--conditions=quorate-source", fixture, program, state], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void demo.kill("SIGKILL"));
    const [line] = await once(createInterface({ input: demo.stdout }), "line");
    const { port } = JSON.parse(line);
    expect(await isListening(port)).toBe(true);
    demo.kill("SIGKILL");
    const gone = async (): Promise<true | undefined> => ((await isListening(port)) ? undefined : true);
    await until({ what: "the end of the node", withinMs: 10_000, everyMs: 5 }, gone);
  });
});

/** Whether somebody listens there; a process that is stopped does too. */
async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

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

test("a pause ends at once when its signal is aborted, before or meanwhile", async () => {
  const stop = new AbortController();
  const pause = delayUnless(stop.signal, 3_600_000);
  stop.abort();
  await expect(pause).resolves.toBeUndefined();
  await expect(delayUnless(stop.signal, 3_600_000)).resolves.toBeUndefined();
});
