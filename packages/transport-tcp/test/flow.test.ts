// How bytes leave: one write per turn, lanes that do not wait for each other, and queues that end.

import { Socket } from "node:net";
import type { Lane } from "@quorate/contracts";
import { afterEach, expect, test, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { ManualClock } from "./manual-clock.ts";
import { type RawPeer, RawServer } from "./raw-peer.ts";
import { type Actor, append, beat, chunk, eventOf, Stage } from "./stage.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const megabyte = 1024 * 1024;

/** Messages that were dropped because a queue was full, over all events. */
function droppedBy(actor: Actor): number {
  const drops = actor.events.flatMap((event) => (event.type === "messagesDropped" ? [event] : []));
  return drops.filter((event) => event.reason === "queueFull").reduce((sum, event) => sum + event.count, 0);
}

/** Lets everything that is due in this turn of the event loop happen. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}

/** The connection of a lane; waits for it. */
async function laneOf(server: RawServer, lane: Lane): Promise<RawPeer> {
  return eventually(() => {
    const peer = server.lane(lane);
    if (peer === undefined) throw new Error(`no connection on the lane ${lane}`);
    return peer;
  });
}

test("all messages of one turn to one peer leave in one write", async () => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const n1 = await stage.start("n1", { peers: { n2: peer.address } });
  await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  const write = vi.spyOn(Socket.prototype, "write");
  for (let round = 1; round <= 100; round += 1) n1.transport.send(beat("n1", "n2", round));
  const control = await laneOf(peer, "control");
  await eventually(() => expect(control.count("message")).toBe(100));
  expect(write).toHaveBeenCalledTimes(1);
});

test("messages arrive in the order in which they were sent", async () => {
  await using stage = new Stage();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  n1.transport.send(beat("n1", "n2", 0));
  await eventually(() => expect(n2.messages.length).toBe(1));
  for (let round = 1; round <= 500; round += 1) n1.transport.send(beat("n1", "n2", round));
  await eventually(() => expect(n2.messages.length).toBe(501));
  expect(n2.messages).toEqual(Array.from({ length: 501 }, (_value, round) => beat("n1", "n2", round)));
});

test("the log and heartbeats pass while the snapshot lane is stuck", async () => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const limits = { maxMessageBytes: megabyte, snapshotQueueBytes: megabyte };
  const n1 = await stage.start("n1", { peers: { n2: peer.address }, limits });
  await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  const stuck = await laneOf(peer, "snapshot");
  stuck.socket.pause();
  for (let count = 0; count < 300; count += 1) {
    n1.transport.send(chunk("n1", "n2", 20_000));
    await nextTurn();
  }
  await eventually(() =>
    expect(eventOf(n1, "messagesDropped")).toMatchObject({ lane: "snapshot", reason: "queueFull" }),
  );
  n1.transport.send(append("n1", "n2", 1000));
  n1.transport.send(beat("n1", "n2"));
  const [control, log] = [await laneOf(peer, "control"), await laneOf(peer, "append")];
  await eventually(() => expect([control.count("message"), log.count("message")]).toEqual([1, 1]));
});

test("heartbeats pass while the append lane is stuck, whose queue ends and empties when it moves again", async () => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const limits = { maxMessageBytes: megabyte, appendQueueBytes: megabyte };
  const n1 = await stage.start("n1", { peers: { n2: peer.address }, limits });
  await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  const [control, bulk] = [await laneOf(peer, "control"), await laneOf(peer, "append")];
  bulk.socket.pause();
  // More than the system's own buffers take, in many turns so that all that can be written is.
  for (let count = 0; count < 200; count += 1) {
    n1.transport.send(append("n1", "n2", 100_000));
    await nextTurn();
  }
  expect(n1.transport.queuedBytes("n2")).toBeGreaterThan(megabyte - 200_000);
  expect(n1.transport.queuedBytes("n2")).toBeLessThan(megabyte + 1000);
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(control.count("message")).toBe(1));
  bulk.socket.resume();
  await eventually(() => expect(droppedBy(n1) + bulk.count("message")).toBe(200));
  expect(droppedBy(n1)).toBeGreaterThan(0);
  expect(n1.transport.queuedBytes("n2")).toBe(0);
});

test("a peer that reads nothing delays nobody else, and costs no more than its queues", async () => {
  await using stage = new Stage();
  await using stuck = await RawServer.listen("n2");
  stage.tell("n2", stuck.address);
  const limits = { maxMessageBytes: megabyte, appendQueueBytes: megabyte };
  const [n1, n3] = [await stage.start("n1", { limits }), await stage.start("n3")];
  const sendBulk = () => {
    for (let count = 0; count < 50; count += 1) n1.transport.send(append("n1", "n2", 20_000));
  };
  sendBulk();
  await eventually(() => expect(eventOf(n1, "peerConnected")?.peer).toBe("n2"));
  for (const { socket } of stuck.connections) socket.pause();
  await eventually(() => {
    sendBulk();
    n1.transport.send(beat("n1", "n3", 0));
    expect(eventOf(n1, "messagesDropped")).toMatchObject({ peer: "n2", lane: "append", reason: "queueFull" });
    expect(n3.messages.length).toBeGreaterThan(0);
  });
  const arrived = () =>
    n3.messages.filter((message) => message.type !== "heartbeatRequest" || message.round > 0).length;
  for (let round = 1; round <= 50; round += 1) {
    sendBulk();
    n1.transport.send(beat("n1", "n3", round));
    n1.transport.send(append("n1", "n3", 20_000));
    await eventually(() => expect(arrived()).toBe(2 * round));
  }
  expect(n1.transport.queuedBytes("n3")).toBe(0);
  expect(n1.transport.queuedBytes("n2")).toBeGreaterThan(megabyte - 100_000);
  expect(n1.transport.queuedBytes("n2")).toBeLessThan(megabyte + 5000);
});

test("what waits for a peer that is down is bounded", async () => {
  await using stage = new Stage();
  const backoff = { minMs: 3_600_000, maxMs: 3_600_000 };
  const n1 = await stage.start("n1", { backoff });
  for (let count = 0; count < 100; count += 1) n1.transport.send(append("n1", "n2", megabyte));
  expect(n1.transport.queuedBytes("n2")).toBeGreaterThan(15 * megabyte);
  expect(n1.transport.queuedBytes("n2")).toBeLessThan(17 * megabyte);
});

test("what waits is dropped when an attempt to connect fails, so that a peer does not get old news", async () => {
  await using stage = new Stage();
  const backoff = { minMs: 3_600_000, maxMs: 3_600_000 };
  await using peer = await RawServer.listen("n2");
  peer.answer = ({ socket }) => socket.destroy();
  const n1 = await stage.start("n1", { peers: { n2: peer.address }, backoff });
  n1.transport.send(beat("n1", "n2"));
  expect(n1.transport.queuedBytes("n2")).toBeGreaterThan(0);
  await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
  await eventually(() => expect(n1.transport.queuedBytes("n2")).toBe(0));
});

test("a turn ends with one flush per lane, whatever the number of messages", async () => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const clock = new ManualClock();
  const n1 = await stage.start("n1", { peers: { n2: peer.address }, clock });
  await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  const defer = vi.spyOn(clock, "defer");
  for (let round = 0; round < 50; round += 1) {
    n1.transport.send(beat("n1", "n2", round));
    n1.transport.send(append("n1", "n2", 10));
  }
  expect(defer).toHaveBeenCalledTimes(2);
});

test("a message over the limit is dropped with its reason, on both lanes", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  n1.transport.send(append("n1", "n2", n1.transport.maxMessageBytes));
  n1.transport.send({ ...beat("n1", "n2"), from: "n".repeat(70_000) });
  await eventually(() => expect(eventOf(n1, "messagesDropped")).toBeDefined());
  expect(n1.events.filter((event) => event.type === "messagesDropped")).toMatchObject([
    { lane: "append", reason: "tooLarge", count: 1 },
    { lane: "control", reason: "tooLarge", count: 1 },
  ]);
});

test("a codec that throws makes a drop and nothing worse", async () => {
  await using stage = new Stage();
  const encode = () => {
    throw new Error("broken");
  };
  const codec = { name: "broken", version: 1, encode, decode: encode };
  const n1 = await stage.start("n1", { codec });
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(eventOf(n1, "messagesDropped")?.reason).toBe("notEncodable"));
});
