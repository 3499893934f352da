// A thousand malformed frames, and whatever else comes to an open port: each ends its own connection and nothing more.

import * as fc from "fast-check";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { crc32 } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { frameBytes } from "../src/frame.ts";
import type { TcpAddress } from "../src/index.ts";
import { eventually } from "./eventually.ts";
import { helloBytes, messageBytes, RawPeer } from "./raw-peer.ts";
import { type Actor, addressOf, append, beat, eventOf, Stage } from "./stage.ts";

const seed = Number(process.env["QUORATE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const valid = messageBytes(append("n3", "n1", 200), { incarnation: "n3-i" });

let collectGarbage: () => void;
beforeAll(() => {
  setFlagsFromString("--expose_gc");
  collectGarbage = runInNewContext("gc") as () => void;
});

/** A header with a checksum that fits, so that only what it says is wrong. */
function header(facts: { readonly type?: number; readonly version?: number; readonly length: number }): Buffer {
  const bytes = Buffer.from(frameBytes("message", new Uint8Array(0)));
  bytes.writeUInt8(facts.version ?? 1, 4);
  bytes.writeUInt8(facts.type ?? 4, 5);
  bytes.writeUInt32BE(facts.length, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 16)), 16);
  return bytes;
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const at = bit % (bytes.length * 8);
  return Uint8Array.from(bytes, (byte, index) => (index === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
}

/** Bytes that no connection survives, in a well-known place of the protocol or before it. */
const malformed = fc.oneof(
  fc.uint8Array({ minLength: 20, maxLength: 200 }),
  fc.nat().map((bit) => flipBit(valid, bit)),
  fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1, 8 * 2 ** 20 + 1).map((length) => header({ length })),
  fc.constantFrom(0, 2, 255).map((version) => header({ version, length: 0 })),
  fc.constantFrom(0, 1, 7, 255).map((type) => header({ type, length: 0 })),
  fc.uint8Array({ maxLength: 300 }).map((payload) => frameBytes("message", payload)),
  fc.constant(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
);

/** n1, which listens; n2, a good peer of it; and n3, the name under which the attacker gets in. */
async function attackedServer(
  stage: Stage,
): Promise<{ readonly n1: Actor; readonly n2: Actor; readonly target: TcpAddress }> {
  const n1 = await stage.start("n1");
  const n2 = await stage.start("n2");
  stage.tell("n3", addressOf(n1));
  await eventually(() => {
    n2.transport.send(beat("n2", "n1", 0));
    expect(n1.messages.length).toBeGreaterThan(0);
  });
  return { n1, n2, target: addressOf(n1) };
}

/** Says hello as n3 if asked to, then these bytes; resolves when the server has closed the connection. */
async function attack(target: TcpAddress, bytes: Uint8Array, introduced: boolean): Promise<void> {
  const peer = await RawPeer.dial(target);
  const lane = "append";
  const hello = helloBytes({ nodeId: "n3", incarnation: "n3-i", lane });
  peer.socket.write(introduced ? Buffer.concat([hello, bytes]) : bytes);
  await peer.closed;
}

test(`a thousand malformed frames (seed ${seed}) end a thousand connections, and a good peer notices nothing`, async () => {
  await using stage = new Stage();
  const { n1, n2, target } = await attackedServer(stage);
  const samples = fc.sample(malformed, { seed, numRuns: 1000 });
  const halfway = samples.length / 2;
  let heapBytes = 0;
  for (const [position, bytes] of samples.entries()) {
    if (position === halfway) heapBytes = usedBytes();
    await attack(target, bytes, position % 2 === 0);
    n2.transport.send(beat("n2", "n1", position + 1));
  }
  const grownBytes = usedBytes() - heapBytes;
  expect(n1.events.filter((event) => event.type === "garbageReceived").length).toBe(1000);
  await eventually(() => expect(n1.messages.at(-1)).toEqual(beat("n2", "n1", 1000)));
  expect(n1.messages.filter((message) => message.from !== "n2")).toEqual([]);
  expect(eventOf(n2, "peerDisconnected")).toBeUndefined();
  expect(grownBytes).toBeLessThan(4 * 1024 * 1024);
}, 60_000);

/** Memory in use once nothing can be collected, without what the test itself keeps growing: events and messages are small. */
function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("a frame that declares 2^32 - 1 bytes costs less than a mebibyte of memory", async () => {
  await using stage = new Stage();
  const { n1, target } = await attackedServer(stage);
  await attack(target, header({ length: 2 ** 32 - 1 }), true);
  collectGarbage();
  const before = process.memoryUsage().rss;
  await attack(target, header({ length: 2 ** 32 - 1 }), true);
  expect(process.memoryUsage().rss - before).toBeLessThan(1024 * 1024);
  expect(n1.events.at(-1)).toMatchObject({
    type: "garbageReceived",
    code: "QUORATE_DECODE_FAILED",
    detail: expect.stringContaining("declares 4294967295 bytes"),
  });
});

test("a frame cut at any byte is survived, and the next connection works", async () => {
  await using stage = new Stage();
  const { n1, target } = await attackedServer(stage);
  const hello = helloBytes({ nodeId: "n3", incarnation: "n3-i", lane: "append" });
  const stream = Buffer.concat([hello, valid]);
  for (let cut = 0; cut < stream.length; cut += 1) {
    const peer = await RawPeer.dial(target);
    peer.socket.end(stream.subarray(0, cut));
    await peer.closed;
  }
  expect(n1.messages.filter((message) => message.from === "n3")).toEqual([]);
  // Before the handshake a cut is suspicious; after it, it is what a crash looks like.
  expect(n1.events.filter((event) => event.type === "garbageReceived").length).toBe(hello.length - 1);
  const whole = await RawPeer.dial(target);
  whole.socket.write(stream);
  await eventually(() => expect(n1.messages.some((message) => message.from === "n3")).toBe(true));
}, 30_000);

test("a connection that says nothing and goes is not worth an event", async () => {
  await using stage = new Stage();
  const { n1, target } = await attackedServer(stage);
  const peer = await RawPeer.dial(target);
  peer.socket.end();
  await peer.closed;
  expect(eventOf(n1, "garbageReceived")).toBeUndefined();
});

test("strangers that fill every place do not keep a peer out", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1", { limits: { maxConnections: 4 } });
  const strangers: RawPeer[] = [];
  for (let count = 0; count < 10; count += 1) strangers.push(await RawPeer.dial(addressOf(n1)));
  await eventually(() => expect(strangers.filter((stranger) => stranger.isClosed).length).toBe(6));
  const n2 = await stage.start("n2");
  await eventually(() => {
    n2.transport.send(beat("n2", "n1"));
    expect(n1.messages.length).toBeGreaterThan(0);
  });
});

test("peers that fill every place keep strangers out", async () => {
  await using stage = new Stage();
  const n1 = await stage.start("n1", { limits: { maxConnections: 3 } });
  const n2 = await stage.start("n2");
  n2.transport.send(beat("n2", "n1"));
  await eventually(() => expect(eventOf(n2, "peerConnected")).toBeDefined());
  const stranger = await RawPeer.dial(addressOf(n1));
  await stranger.closed;
  n2.transport.send(beat("n2", "n1", 2));
  await eventually(() => expect(n1.messages).toContainEqual(beat("n2", "n1", 2)));
  expect(eventOf(n2, "peerDisconnected")).toBeUndefined();
});

test("a dialler that never reads its answers does not make memory grow", async () => {
  await using stage = new Stage();
  const { n1, target } = await attackedServer(stage);
  const peer = await RawPeer.dial(target);
  peer.socket.pause();
  const flood = Buffer.concat(Array.from({ length: 2000 }, () => frameBytes("ping", new Uint8Array(0))));
  const before = usedBytes();
  peer.socket.write(Buffer.concat([helloBytes({ nodeId: "n3", incarnation: "n3-i" }), flood]));
  peer.socket.write(messageBytes(beat("n3", "n1"), { incarnation: "n3-i" }));
  await eventually(() => expect(n1.messages.some((message) => message.from === "n3")).toBe(true));
  expect(usedBytes() - before).toBeLessThan(1024 * 1024);
});
