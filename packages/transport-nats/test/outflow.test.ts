// The bounds between a server and its broker, with a broker that confirms when the test says so.

import type { Lane } from "@quorate/contracts";
import { expect, test } from "vitest";
import type { NatsLimits } from "../src/index.ts";
import { Outflow } from "../src/outflow.ts";

const limits: Required<NatsLimits> = {
  maxMessageBytes: 400,
  controlInFlightBytes: 100,
  appendQueueBytes: 400,
  snapshotQueueBytes: 300,
  totalQueueBytes: 600,
  windowBytes: 100,
};

/** A link on which nothing is confirmed by itself. */
class FakeLink {
  isUp = true;
  epoch = 0;
  readonly published: string[] = [];
  readonly #waiting: PromiseWithResolvers<void>[] = [];

  get questions(): number {
    return this.#waiting.length;
  }

  publish(subject: string): void {
    this.published.push(subject);
  }

  confirm(): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** The broker has taken everything that was published before the oldest open question. */
  async answer(): Promise<void> {
    await Promise.resolve();
    this.#waiting.shift()?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async lose(): Promise<void> {
    this.isUp = false;
    this.epoch += 1;
    this.#waiting.shift()?.reject(new Error("lost"));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function makeOutflow() {
  const link = new FakeLink();
  const dropped: string[] = [];
  const outflow = new Outflow({ link, limits, onDropped: (...facts) => dropped.push(facts.join(" ")) });
  const send = (peer: string, lane: Lane, size: number) =>
    outflow.send(peer, lane, { subject: `${peer} ${lane} ${size}`, bytes: new Uint8Array(size) });
  return { link, dropped, outflow, send };
}

test("bulk waits for the window, control does not wait for bulk", async () => {
  const { link, send, outflow } = makeOutflow();
  for (const size of [60, 61, 62]) send("n2", "append", size);
  send("n2", "control", 10);
  expect(link.published).toEqual(["n2 append 60", "n2 control 10"]);
  expect(outflow.heldBytes("n2")).toBe(61 + 62 + 10);
  await link.answer();
  expect(link.published.slice(2)).toEqual(["n2 append 61"]);
  expect(outflow.heldBytes("n2")).toBe(62);
  await link.answer();
  await link.answer();
  expect(link.published.slice(3)).toEqual(["n2 append 62"]);
  expect(outflow.heldBytes("n2")).toBe(0);
});

test("one question covers everything that is published in one turn, and none is asked when all is confirmed", async () => {
  const { link, send } = makeOutflow();
  for (let count = 0; count < 5; count += 1) send("n2", "control", 10);
  await link.answer();
  expect(link.questions).toBe(0);
  expect(link.published).toHaveLength(5);
});

test("peers take turns in the window", async () => {
  const { link, send } = makeOutflow();
  for (const size of [90, 91, 92]) send("n2", "append", size);
  for (const size of [90, 91]) send("n3", "append", size);
  for (let count = 0; count < 6; count += 1) await link.answer();
  expect(link.published).toEqual(["n2 append 90", "n2 append 91", "n3 append 90", "n2 append 92", "n3 append 91"]);
});

test("a message larger than the window goes alone", async () => {
  const { link, send } = makeOutflow();
  send("n2", "append", 50);
  send("n2", "append", 350);
  send("n2", "append", 49);
  expect(link.published).toEqual(["n2 append 50"]);
  await link.answer();
  expect(link.published).toEqual(["n2 append 50", "n2 append 350"]);
  await link.answer();
  expect(link.published).toHaveLength(3);
});

test("what exceeds the bounds of a peer, of all peers, or of control in flight is dropped", () => {
  const { link, send, dropped, outflow } = makeOutflow();
  send("n2", "append", 100);
  send("n2", "append", 400);
  send("n2", "append", 1);
  expect(dropped).toEqual(["n2 append queueFull"]);
  send("n3", "append", 200);
  send("n3", "append", 1);
  expect(dropped).toEqual(["n2 append queueFull", "n3 append queueFull"]);
  send("n3", "control", 100);
  send("n3", "control", 1);
  expect(dropped.at(-1)).toBe("n3 control queueFull");
  expect(outflow.heldBytes("n2")).toBe(400);
  expect(link.published).toEqual(["n2 append 100", "n3 control 100"]);
});

test("nothing of a lost connection is sent on the next one, and its bytes are no longer counted", async () => {
  const { link, send, outflow, dropped } = makeOutflow();
  send("n2", "append", 100);
  send("n2", "append", 100);
  send("n2", "control", 100);
  await link.lose();
  send("n2", "control", 10);
  link.isUp = true;
  send("n2", "control", 100);
  expect(outflow.heldBytes("n2")).toBe(100);
  await link.answer();
  expect(outflow.heldBytes("n2")).toBe(0);
  expect(link.published).toEqual(["n2 append 100", "n2 control 100", "n2 control 100"]);
  expect(dropped).toEqual([]);
});

test("a snapshot takes turns with the log, and has a bound of its own", async () => {
  const { link, dropped, send, outflow } = makeOutflow();
  for (const size of [90, 91, 92]) send("n2", "snapshot", size);
  for (const size of [80, 81]) send("n2", "append", size);
  for (let count = 0; count < 4; count += 1) await link.answer();
  expect(link.published).toEqual([90, 91, 80, 92, 81].map((size) => `n2 ${size < 85 ? "append" : "snapshot"} ${size}`));
  await link.answer();
  for (let count = 0; count < 5; count += 1) send("n2", "snapshot", 100);
  expect(dropped).toEqual(["n2 snapshot queueFull"]);
  outflow.forget("n2");
  expect(outflow.heldBytes("n2")).toBe(0);
});
