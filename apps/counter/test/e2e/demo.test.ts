// The demo as users run it: its exit codes, its last line, and that it leaves nothing behind.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../../src/demo/wait.ts";
import { testTimeoutMs } from "./harness.ts";

const program = fileURLToPath(new URL("../../src/demo/main.ts", import.meta.url));

/** Starts the demo without a terminal. */
function startDemo(...args: readonly string[]) {
  return startDemoIn(process.env, ...args);
}

function startDemoIn(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const child = spawn(process.execPath, ["--conditions=quorate-source", program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said.stderr += data.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  return { child, said, ended };
}

/** Whether anything listens at this address. */
async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/livez`).then(
    () => true,
    () => false,
  );
}

const urlsIn = (text: string): readonly string[] => text.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];

describe("the demo", { timeout: testTimeoutMs }, () => {
  test("run once proves that a killed leader costs nothing, and says so in its last line", async () => {
    const { said, ended } = startDemo("--once", "--seconds", "2", "--kills", "1");
    expect({ code: await ended, said }).toMatchObject({ code: 0 });
    expect(JSON.parse(said.stdout.trimEnd().split("\n").at(-1) ?? "")).toEqual({
      ok: true,
      nodes: 3,
      transport: "tcp",
      storage: "file",
      acknowledged: expect.any(Number),
      lost: 0,
      duplicated: 0,
      failover_ms: expect.any(Number),
      state_hash: expect.stringMatching(/^[0-9a-f]{16,}$/),
    });
    expect(said.stderr).toMatch(/n\d killed \(SIGKILL\)[^]*n\d LEADER term \d+/);
    expect(said.stderr).toContain("PROOF HELD");
  });

  test("proves the same over TLS, with certificates made for the run", async () => {
    const { said, ended } = startDemo("--once", "--transport", "tcp+tls", "--seconds", "2", "--kills", "1");
    expect({ code: await ended, said }).toMatchObject({ code: 0 });
    expect(JSON.parse(said.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      ok: true,
      transport: "tcp+tls",
      lost: 0,
      duplicated: 0,
    });
  });

  test("proves the same over NATS, with a broker of its own", async () => {
    const { said, ended } = startDemo("--once", "--transport", "nats", "--seconds", "2", "--kills", "1");
    expect({ code: await ended, said }).toMatchObject({ code: 0 });
    expect(JSON.parse(said.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      ok: true,
      transport: "nats",
      lost: 0,
      duplicated: 0,
    });
    expect(said.stderr).toMatch(/broker {2}nats-server at nats:\/\/127\.0\.0\.1:\d+/);
  });

  test.each(["tcp", "nats"])("proves the same over %s on a bad network, with the leader cut off", async (transport) => {
    const blows = ["--network", "bad", "--partitions", "1", "--kills", "1"];
    const { said, ended } = startDemo("--once", "--transport", transport, "--seconds", "3", ...blows);
    expect({ code: await ended, said }).toMatchObject({ code: 0 });
    expect(JSON.parse(said.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      ok: true,
      transport,
      lost: 0,
      duplicated: 0,
    });
    expect(said.stderr).toMatch(/n\d cut off from the others[^]*n\d LEADER term \d+[^]*n\d killed/);
    const some = "[1-9]\\d*";
    expect(said.stderr).toMatch(
      new RegExp(
        `network: ${some} messages lost, ${some} doubled, ${some} delayed, ${some} overtaken, ${some} kept away`,
      ),
    );
  });

  test("proves the same on SQLite, and says where its page is or how to get one", async () => {
    const { said, ended } = startDemo("--once", "--page", "--storage", "sqlite", "--seconds", "2", "--kills", "1");
    expect({ code: await ended, said }).toMatchObject({ code: 0 });
    expect(JSON.parse(said.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      ok: true,
      storage: "sqlite",
      lost: 0,
      duplicated: 0,
    });
    // Whether the page is built does not depend on this test.
    expect(said.stderr).toMatch(/^Dashboard {2}(http:\/\/127\.0\.0\.1:\d+\/\?token=\S{22}|not built: in a clone .+)$/m);
  });

  test("says how to get a broker where none is found", async () => {
    const { said, ended } = startDemoIn({ ...process.env, NATS_SERVER: "/nowhere" }, "--transport", "nats");
    expect(await ended).toBe(1);
    expect(said.stderr).toMatch(/NATS_SERVER names \/nowhere, which is not a program\. Install nats-server/);
  });

  test("takes its nodes with it when it is interrupted", async () => {
    const { child, said, ended } = startDemo("--once", "--seconds", "60");
    await until({ what: "the load", withinMs: 30_000 }, () =>
      said.stderr.includes("acknowledged") ? true : undefined,
    );
    const urls = urlsIn(said.stderr);
    expect(urls).toHaveLength(3);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(await Promise.all(urls.map(answers))).toEqual([false, false, false]);
  });

  test("does not even leave its nodes behind when it is killed", async () => {
    const { child, said, ended } = startDemo("--once", "--seconds", "60");
    await until({ what: "the nodes", withinMs: 30_000 }, () => (urlsIn(said.stderr).length === 3 ? true : undefined));
    child.kill("SIGKILL");
    await ended;
    const noneAnswers = async () => !(await Promise.all(urlsIn(said.stderr).map(answers))).includes(true) || undefined;
    await expect(until({ what: "the end of all nodes", withinMs: 10_000 }, noneAnswers)).resolves.toBe(true);
  });

  test("does not even leave its nodes behind when it is interrupted twice", async () => {
    const { child, said, ended } = startDemo("--once", "--seconds", "60");
    await until({ what: "the nodes", withinMs: 30_000 }, () => (urlsIn(said.stderr).length === 3 ? true : undefined));
    child.kill("SIGTERM");
    child.kill("SIGTERM");
    expect(await ended).toBe(143);
    expect(await Promise.all(urlsIn(said.stderr).map(answers))).toEqual([false, false, false]);
  });

  test.each([[["--frob"]], [["--nodes", "many"]], [["--transport", "carrier-pigeon"]], [["--storage", "floppy"]]])(
    "%j is a usage error",
    async (args) => {
      const { said, ended } = startDemo(...args);
      expect(await ended).toBe(2);
      expect(said.stdout).toBe("");
      expect(said.stderr).toMatch(/^demo: /);
    },
  );
});
