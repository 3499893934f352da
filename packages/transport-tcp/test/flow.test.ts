// How bytes leave: one write per turn, lanes that do not wait for each other, and queues that end.

import { Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { type RawPeer, RawServer } from "./raw-peer.ts";
import { append, beat, eventOf, Stage } from "./stage.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const megabyte = 1024 * 1024;

/** The connection of a lane; waits for it. */
async function laneOf(server: RawServer, lane: "control" | "append"): Promise<RawPeer> {
  return vi.waitFor(() => {
    const peer = server.lane(lane);
    if (peer === undefined) throw new Error(`no connection on the lane ${lane}`);
    return peer;
  });
}

test("all messages of one turn to one peer leave in one write", async () => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const n1 = await stage.start("n1", { peers: { n2: peer.address } });
  await vi.waitFor(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  const write = vi.spyOn(Socket.prototype, "write");
  for (let round = 1; round <= 100; round += 1) n1.transport.send(beat("n1", "n2", round));
  const control = await laneOf(peer, "control");
  await vi.waitFor(() => expect(control.count("message")).toBe(100));
  expect(write).toHaveBeenCalledTimes(1);
});

test("messages arrive in the order in which they were sent", async () => {
  await using stage = new Stage();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  n1.transport.send(beat("n1", "n2", 0));
  await vi.waitFor(() => expect(n2.messages.length).toBe(1));
  for (let round = 1; round <= 500; round += 1) n1.transport.send(beat("n1", "n2", round));
  await vi.waitFor(() => expect(n2.messages.length).toBe(501));
  expect(n2.messages).toEqual(Array.from({ length: 501 }, (_value, round) => beat("n1", "n2", round)));
});

test("heartbeats pass while the append lane is stuck, whose queue ends and empties when it moves again", async () => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const n1 = await stage.start("n1", { peers: { n2: peer.address } });
  await vi.waitFor(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  const [control, bulk] = [await laneOf(peer, "control"), await laneOf(peer, "append")];
  bulk.socket.pause();
  for (let count = 0; count < 64; count += 1) n1.transport.send(append("n1", "n2", megabyte));
  expect(n1.transport.queuedBytes("n2")).toBeLessThan(17 * megabyte);
  n1.transport.send(beat("n1", "n2"));
  await vi.waitFor(() => expect(control.count("message")).toBe(1));
  await vi.waitFor(() => expect(eventOf(n1, "messagesDropped")).toBeDefined());
  expect(eventOf(n1, "messagesDropped")).toMatchObject({ lane: "append", reason: "queueFull", peer: "n2" });
  bulk.socket.resume();
  await vi.waitFor(() => expect(n1.transport.queuedBytes("n2")).toBe(0), { timeout: 5000 });
  const dropped = eventOf(n1, "messagesDropped")?.count ?? 0;
  await vi.waitFor(() => expect(bulk.count("message")).toBe(64 - dropped), { timeout: 5000 });
});

test("what waits for a peer that is down is bounded, and gone when the peer is back", async () => {
  await using stage = new Stage();
  const backoff = { minMs: 3_600_000, maxMs: 3_600_000 };
  const n1 = await stage.start("n1", { backoff });
  for (let count = 0; count < 100; count += 1) n1.transport.send(append("n1", "n2", megabyte));
  expect(n1.transport.queuedBytes("n2")).toBeLessThan(17 * megabyte);
});

test("a message over the limit is dropped with its reason, on both lanes", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  n1.transport.send(append("n1", "n2", n1.transport.maxMessageBytes));
  n1.transport.send({ ...beat("n1", "n2"), from: "n".repeat(70_000) });
  await vi.waitFor(() => expect(eventOf(n1, "messagesDropped")).toBeDefined());
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
  await vi.waitFor(() => expect(eventOf(n1, "messagesDropped")?.reason).toBe("notEncodable"));
});
