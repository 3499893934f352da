// After close nothing is left: no socket, no timer, whatever state the broker is in, so that a process ends by itself.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "@nats-io/transport-node";
import { plainCodec } from "@quorate/contracts/conformance";
import { expect, onTestFinished, test } from "vitest";
import { natsTransport } from "../src/index.ts";
import { eventually } from "./eventually.ts";
import { beat, Stage } from "./stage.ts";

/** Starts a process with one transport. */
function startProcess(url: string) {
  const script = new URL("./fixtures/start-and-close.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=quorate-source", script, url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  return {
    ended: once(child, "close"),
    output: () => output.join(""),
    close: () => child.stdin.write("close\n"),
  };
}

test("a process that is connected ends by itself", async () => {
  await using stage = await Stage.open();
  const running = startProcess(stage.broker.url);
  await eventually(() => expect(running.output()).toContain("started"));
  running.close();
  expect(await running.ended).toEqual([0, null]);
  expect(running.output()).toBe("brokerConnected\nstarted\nclosed\n");
});

test("a process that never found a broker ends by itself", async () => {
  await using stage = await Stage.open();
  await stage.broker.kill();
  const running = startProcess(stage.broker.url);
  await eventually(() => expect(running.output()).toContain("started"));
  running.close();
  expect(await running.ended).toEqual([0, null]);
});

test("a process whose broker sleeps from the beginning ends by itself", async () => {
  await using stage = await Stage.open();
  stage.broker.pause();
  const running = startProcess(stage.broker.url);
  await eventually(() => expect(running.output()).toContain("started"));
  running.close();
  expect(await running.ended).toEqual([0, null]);
});

test("a process whose broker fell asleep, and that tries to connect anew, ends by itself", async () => {
  await using stage = await Stage.open();
  const running = startProcess(stage.broker.url);
  await eventually(() => expect(running.output()).toContain("started"));
  stage.broker.pause();
  await eventually(() => expect(running.output()).toContain("brokerDisconnected"));
  running.close();
  expect(await running.ended).toEqual([0, null]);
});

test("a process whose broker has died ends by itself", async () => {
  await using stage = await Stage.open();
  const running = startProcess(stage.broker.url);
  await eventually(() => expect(running.output()).toContain("started"));
  await stage.broker.kill();
  await eventually(() => expect(running.output()).toContain("brokerDisconnected"));
  running.close();
  expect(await running.ended).toEqual([0, null]);
});

test("close lets the broker take what was sent before it", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  n1.transport.send(beat("n1", "n2", 1));
  n1.transport.send(beat("n1", "n2", 2));
  await n1.transport.close();
  await eventually(() => expect(n2.messages).toEqual([beat("n1", "n2", 1), beat("n1", "n2", 2)]));
});

test("a given connection is used, and left as it was: open, and without a subscription of ours", async () => {
  await using stage = await Stage.open();
  const connection = await connect({ servers: stage.broker.url });
  onTestFinished(() => connection.close());
  const transport = natsTransport({ connection, codec: plainCodec() });
  const received: unknown[] = [];
  await transport.start({
    identity: { clusterId: "c-1", nodeId: "n1", incarnation: "i" },
    onMessage: (message) => received.push(message),
    onEvent: () => {},
  });
  const n2 = await stage.start("n2");
  n2.transport.send(beat("n2", "n1", 1));
  await eventually(() => expect(received).toEqual([beat("n2", "n1", 1)]));
  expect(transport.maxMessageBytes).toBe(1_048_576);
  await transport.close();
  n2.transport.send(beat("n2", "n1", 2));
  await stage.untilDelivered(n2, await stage.start("n3"));
  expect(connection.isClosed()).toBe(false);
  await connection.flush();
  expect(received).toHaveLength(1);
});

test("a given connection that refuses to publish, because its owner drains it, does no harm to whoever sends", async () => {
  await using stage = await Stage.open();
  const connection = await connect({ servers: stage.broker.url });
  onTestFinished(() => connection.close());
  const transport = natsTransport({ connection, codec: plainCodec() });
  await transport.start({
    identity: { clusterId: "c-1", nodeId: "n1", incarnation: "i" },
    onMessage: () => {},
    onEvent: () => {},
  });
  const attempts = { count: 0 };
  connection.publish = () => {
    attempts.count += 1;
    throw new Error("connection draining");
  };
  expect(() => transport.send(beat("n1", "n2", 1))).not.toThrow();
  expect(attempts.count).toBe(1);
  await transport.close();
});

test("a given connection that its owner closes is told, and does no harm", async () => {
  await using stage = await Stage.open();
  const connection = await connect({ servers: stage.broker.url });
  const transport = natsTransport({ connection, codec: plainCodec() });
  const events: string[] = [];
  await transport.start({
    identity: { clusterId: "c-1", nodeId: "n1", incarnation: "i" },
    onMessage: () => {},
    onEvent: ({ type }) => events.push(type),
  });
  await connection.close();
  await eventually(() => expect(events).toEqual(["brokerConnected", "brokerDisconnected"]));
  transport.send(beat("n1", "n2", 1));
  await transport.close();
});

test("a transport cannot be started twice, nor after close", async () => {
  await using stage = await Stage.open();
  const n1 = stage.prepare("n1");
  await n1.start();
  await expect(n1.start()).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
  await n1.transport.close();
  await expect(n1.start()).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
});

test("start ends with an error if close comes before it", async () => {
  await using stage = await Stage.open();
  stage.broker.pause();
  const n1 = stage.prepare("n1", { timeouts: { startMs: 60_000, closeMs: 100 } });
  const outcome = n1.start().catch((error: unknown) => error);
  await n1.transport.close();
  expect(await outcome).toMatchObject({ code: "QUORATE_CLOSED" });
});
