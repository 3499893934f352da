// After close nothing is left: no socket, no timer, no port, so that a process ends by itself.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { addressOf, append, beat, Stage } from "./stage.ts";

test("a process whose transports are closed ends by itself", async () => {
  const script = new URL("./fixtures/start-and-close.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=quorate-source", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  const [exitCode] = await once(child, "close");
  expect(Buffer.concat(output).toString()).toBe("closed\n");
  expect(exitCode).toBe(0);
}, 20_000);

test("close sends what was given to send before it, if the system takes it", async () => {
  await using stage = new Stage();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  n1.transport.send(beat("n1", "n2", 1));
  await eventually(() => expect(n2.messages.length).toBe(1));
  n1.transport.send(beat("n1", "n2", 2));
  await n1.transport.close();
  await eventually(() => expect(n2.messages).toEqual([beat("n1", "n2", 1), beat("n1", "n2", 2)]));
});

test("close does not wait for a peer that does not read", async () => {
  await using stage = new Stage();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  n1.transport.send(append("n1", "n2", 1));
  await eventually(() => expect(n2.messages.length).toBe(1));
  for (let count = 0; count < 16; count += 1) n1.transport.send(append("n1", "n2", 1_000_000));
  await n1.transport.close();
  expect(n1.transport.queuedBytes("n2")).toBe(0);
});

test("the port is free for a successor as soon as close has resolved", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  const n2 = await stage.start("n2");
  n2.transport.send(beat("n2", "n1"));
  await eventually(() => expect(n1.messages.length).toBe(1));
  const listen = addressOf(n1);
  await n1.transport.close();
  const successor = await stage.start("n1", { listen });
  await eventually(() => {
    n2.transport.send(beat("n2", "n1", 2));
    expect(successor.messages.length).toBeGreaterThan(0);
  });
});
