// Who is let in: every mistake in settings is found by both sides, named, and told once.

import { plainCodec } from "@quorate/contracts/conformance";
import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { addressOf, append, beat, eventOf, Stage } from "./stage.ts";
import { frameBytes } from "../src/frame.ts";
import { helloBytes, messageBytes, RawPeer, RawServer } from "./raw-peer.ts";

test("servers of two clusters refuse each other, and both say so", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1", { identity: { clusterId: "7c1e" } });
  const n2 = await stage.start("n2", { identity: { clusterId: "9f02" } });
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(n1.events.length && n2.events.length).toBeTruthy());
  const { port } = addressOf(n2);
  expect(n1.events).toEqual([
    {
      type: "peerUnreachable",
      peer: "n2",
      code: "QUORATE_CLUSTER_MISMATCH",
      detail: `dialled 127.0.0.1:${port} expecting n2 of cluster 7c1e, but it is in cluster 9f02`,
    },
  ]);
  expect(n2.events).toEqual([
    {
      type: "peerRefused",
      peer: "n1",
      from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      code: "QUORATE_CLUSTER_MISMATCH",
      detail: "n1 is in cluster 7c1e, not 9f02",
    },
  ]);
  expect(n2.messages).toEqual([]);
});

test("a mistyped peer address names who answered instead", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  const n3 = await stage.start("n3");
  stage.tell("n2", addressOf(n3));
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
  expect(eventOf(n1, "peerUnreachable")).toMatchObject({
    code: "QUORATE_PEER_MISMATCH",
    detail: `dialled 127.0.0.1:${addressOf(n3).port} expecting n2, but n3 answered`,
  });
  expect(eventOf(n3, "peerRefused")).toMatchObject({ peer: "n1", code: "QUORATE_PEER_MISMATCH" });
});

test("a peer address that is one's own is recognised as such", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  stage.tell("n2", addressOf(n1));
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
  expect(eventOf(n1, "peerUnreachable")?.detail).toMatch(/expecting n2, but n1, this server itself, answered/);
});

test.each([
  ["another codec", plainCodec({ name: "other" }), /n1 writes messages as other 1/],
  ["a newer codec version", plainCodec({ version: 2 }), /n1 writes messages as plain 2, but only plain up to 1/],
])("a peer with %s is refused", async (_what, codec, detail) => {
  await using stage = new Stage();
  const n1 = await stage.start("n1", { codec });
  const n2 = await stage.start("n2");
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
  expect(eventOf(n1, "peerUnreachable")?.code).toBe("QUORATE_VERSION_MISMATCH");
  expect(eventOf(n1, "peerUnreachable")?.detail).toMatch(detail);
  expect(eventOf(n2, "peerRefused")?.detail).toMatch(detail);
});

test("a peer that is not configured here is refused", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  const n2 = await stage.start("n2", { peers: {} });
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
  expect(eventOf(n1, "peerUnreachable")).toMatchObject({
    code: "QUORATE_PEER_UNKNOWN",
    detail: expect.stringContaining("n1 is not among the peers of n2"),
  });
  expect(eventOf(n2, "peerRefused")?.code).toBe("QUORATE_PEER_UNKNOWN");
});

test.each([
  ["another protocol version", { versions: [9] }, "QUORATE_VERSION_MISMATCH"],
  ["another cluster", { clusterId: "other" }, "QUORATE_CLUSTER_MISMATCH"],
  ["another node expected", { expects: "n7" }, "QUORATE_PEER_MISMATCH"],
  ["this server's own name", { nodeId: "n1" }, "QUORATE_DUPLICATE_ID"],
])("a hello with %s gets a refusal with a code and the connection ends", async (_what, changes, code) => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  const raw = await RawPeer.dial(addressOf(n1));
  raw.socket.write(helloBytes(changes));
  await raw.closed;
  const [refusal = "{}"] = raw.texts("refusal");
  expect(JSON.parse(refusal)).toMatchObject({ code, nodeId: "n1", clusterId: "c-1" });
  expect(eventOf(n1, "peerRefused")?.code).toBe(code);
});

test.each([
  ["another node", { nodeId: "n5" }, "QUORATE_PEER_MISMATCH", /expecting n2, but n5 answered/],
  ["another cluster", { clusterId: "x" }, "QUORATE_CLUSTER_MISMATCH", /of cluster c-1, but it is in cluster x/],
  ["a version that was not offered", { version: 2 }, "QUORATE_VERSION_MISMATCH", /chose protocol 2/],
])("a peer that welcomes everybody as %s is not trusted", async (_what, changes, code, detail) => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const welcome = { clusterId: "c-1", nodeId: "n2", incarnation: "i", version: 1, ...changes };
  peer.answer = ({ socket }) => socket.write(frameBytes("welcome", Buffer.from(JSON.stringify(welcome))));
  const n1 = await stage.start("n1", { peers: { n2: peer.address } });
  await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
  expect(eventOf(n1, "peerUnreachable")).toMatchObject({ code, detail: expect.stringMatching(detail) });
});

test("a peer that dials as one incarnation and answers as another is told", async () => {
  await using stage = new Stage();
  await using peer = await RawServer.listen("n2");
  const n1 = await stage.start("n1", { peers: { n2: peer.address } });
  await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  const raw = await RawPeer.dial(addressOf(n1));
  raw.socket.write(helloBytes({ incarnation: "another" }));
  await eventually(() => expect(raw.count("welcome")).toBe(1));
  for (const { socket } of peer.connections) socket.destroy();
  await eventually(() => expect(eventOf(n1, "peerUnreachable")?.code).toBe("QUORATE_DUPLICATE_ID"));
});

test("a second server under a connected peer's name is refused as long as the first is there", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  stage.tell("n2", addressOf(n1));
  const first = await RawPeer.dial(addressOf(n1));
  first.socket.write(helloBytes());
  await eventually(() => expect(first.count("welcome")).toBe(1));
  const second = await RawPeer.dial(addressOf(n1));
  second.socket.write(helloBytes({ incarnation: "another" }));
  await second.closed;
  expect(eventOf(n1, "peerRefused")).toMatchObject({
    code: "QUORATE_DUPLICATE_ID",
    detail: "two servers say that they are n2: incarnations n2-i and another",
  });
  expect(first.isClosed).toBe(false);
  first.socket.destroy();
  await eventually(async () => {
    const third = await RawPeer.dial(addressOf(n1));
    third.socket.write(helloBytes({ incarnation: "another" }));
    await eventually(() => expect(third.frames.length).toBeGreaterThan(0));
    expect(third.count("welcome")).toBe(1);
  });
});

test("a peer that comes back before its old connection was missed takes its place", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  stage.tell("n2", addressOf(n1));
  const old = await RawPeer.dial(addressOf(n1));
  old.socket.write(helloBytes());
  await eventually(() => expect(old.count("welcome")).toBe(1));
  const fresh = await RawPeer.dial(addressOf(n1));
  fresh.socket.write(Buffer.concat([helloBytes(), messageBytes(beat("n2", "n1", 5))]));
  await old.closed;
  await eventually(() => expect(n1.messages).toEqual([beat("n2", "n1", 5)]));
});

test("a refusal that repeats is told once", async () => {
  await using stage = new Stage();
  const n2 = await stage.start("n2", { identity: { clusterId: "other" } });
  let attempts = 0;
  const lookUp = () => {
    attempts += 1;
    return addressOf(n2);
  };
  const n1 = await stage.start("n1", { peers: lookUp });
  n1.transport.send(beat("n1", "n2"));
  await eventually(() => expect(attempts).toBeGreaterThan(10));
  expect(n1.events.length).toBe(1);
  expect(n2.events.length).toBe(1);
});

test.each([
  ["in another peer's name", messageBytes(beat("n3", "n1"))],
  ["for another server", messageBytes(beat("n2", "n3"))],
  ["of another cluster", messageBytes(beat("n2", "n1"), { clusterId: "other" })],
  ["of another incarnation", messageBytes(beat("n2", "n1"), { incarnation: "other" })],
  ["of another group", messageBytes(beat("n2", "n1"), { groupId: 1 })],
  ["over the limit of its lane", messageBytes(append("n2", "n1", 70_000))],
])("a message %s ends the connection and is not delivered", async (_what, bytes) => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  stage.tell("n2", addressOf(n1));
  const raw = await RawPeer.dial(addressOf(n1));
  raw.socket.write(Buffer.concat([helloBytes(), bytes, messageBytes(beat("n2", "n1"))]));
  await raw.closed;
  expect(n1.messages).toEqual([]);
  expect(eventOf(n1, "garbageReceived")?.from).toMatch(/^n2 \(127\.0\.0\.1:\d+\)$/);
});

test("names that do not fit into a handshake are refused at start", async () => {
  await using stage = new Stage();
  await expect(stage.start("n1", { identity: { clusterId: "x".repeat(1000) } })).rejects.toMatchObject({
    code: "QUORATE_OPTIONS_INVALID",
    message: expect.stringContaining("too long"),
  });
});

test("names that a stranger chose are shown without control characters", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1");
  const raw = await RawPeer.dial(addressOf(n1));
  raw.socket.write(helloBytes({ nodeId: "evil\u001b[2J\n", clusterId: "x\r\ny" }));
  await raw.closed;
  expect(eventOf(n1, "peerRefused")).toMatchObject({
    peer: "evil?[2J?",
    detail: "evil?[2J? is in cluster x??y, not c-1",
  });
});
