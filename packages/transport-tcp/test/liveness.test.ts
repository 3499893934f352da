// Connections that look open and are not: silence, slowness, and the difference from a pause of one's own.

import { describe, expect, test } from "vitest";
import { frameBytes } from "../src/frame.ts";
import { Cutter } from "./cutter.ts";
import { eventually } from "./eventually.ts";
import { ManualClock } from "./manual-clock.ts";
import { helloBytes, messageBytes, RawPeer, RawServer } from "./raw-peer.ts";
import { addressOf, append, beat, eventOf, Stage } from "./stage.ts";

const ping = frameBytes("ping", new Uint8Array(0));
const alive = frameBytes("alive", new Uint8Array(0));

/** A transport with a manual clock, connected to a peer that is driven by hand. */
async function dialledPeer(stage: Stage, peer: RawServer) {
  const clock = new ManualClock();
  const n1 = await stage.start("n1", { peers: { n2: peer.address }, clock });
  await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  return { clock, n1 };
}

/** A connection to a listening transport with a manual clock, past its handshake. */
async function acceptedPeer(stage: Stage) {
  const clock = new ManualClock();
  const n1 = await stage.start("n1", { clock });
  stage.tell("n2", addressOf(n1));
  const peer = await RawPeer.dial(addressOf(n1));
  peer.socket.write(helloBytes({ lane: "append" }));
  await eventually(() => expect(peer.count("welcome")).toBe(1));
  return { clock, n1, peer };
}

describe("a connection that we opened", () => {
  test("is given up when nothing is heard for the idle time", async () => {
    await using stage = new Stage();
    await using peer = await RawServer.listen("n2");
    const { clock, n1 } = await dialledPeer(stage, peer);
    clock.advance(5999);
    expect(eventOf(n1, "peerDisconnected")).toBeUndefined();
    clock.advance(1);
    expect(eventOf(n1, "peerDisconnected")?.detail).toMatch(/n2 at .* is silent: nothing was heard for 6000 ms/);
  });

  test("carries a ping when it is quiet, and lives as long as there are answers", async () => {
    await using stage = new Stage();
    await using peer = await RawServer.listen("n2");
    const { clock, n1 } = await dialledPeer(stage, peer);
    for (let round = 1; round <= 10; round += 1) {
      clock.advance(2000);
      await eventually(() => expect(peer.lane("control")?.count("ping")).toBe(round));
      const reads = peer.connections.map((connection) => connection.socket.bytesWritten);
      for (const { socket } of peer.connections) socket.write(alive);
      await eventually(() =>
        expect(peer.connections.every(({ socket }, at) => socket.bytesWritten > (reads[at] ?? 0))).toBe(true),
      );
    }
    expect(n1.events.map((event) => event.type)).toEqual(["peerConnected"]);
  });

  test("is not given up for a silence during which this process stood still itself", async () => {
    await using stage = new Stage();
    await using peer = await RawServer.listen("n2");
    const { clock, n1 } = await dialledPeer(stage, peer);
    clock.stall(60_000);
    clock.advance(5999);
    expect(eventOf(n1, "peerDisconnected")).toBeUndefined();
    clock.advance(2000);
    expect(eventOf(n1, "peerDisconnected")).toBeDefined();
  });
});

test("a connection that carries nothing any more, without a word to either side, is given up and made anew", async () => {
  await using stage = new Stage();
  const timeouts = { keepAliveMs: 50, idleMs: 300 };
  const n2 = await stage.start("n2", { timeouts, peers: () => ({ host: "127.0.0.1", port: 1 }) });
  await using wire = await Cutter.between(addressOf(n2));
  const n1 = await stage.start("n1", { timeouts, peers: { n2: wire.address } });
  await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  wire.silence();
  await eventually(() =>
    expect(eventOf(n1, "peerDisconnected")?.detail).toMatch(/is silent: nothing was heard for 300 ms/),
  );
  await eventually(() => {
    n1.transport.send(beat("n1", "n2", 2));
    expect(n2.messages).toContainEqual(beat("n1", "n2", 2));
  });
});

describe("a connection that was opened to us", () => {
  test("is closed when the handshake is not complete in time", async () => {
    await using stage = new Stage();
    const clock = new ManualClock();
    const n1 = await stage.start("n1", { clock });
    const slow = await RawPeer.dial(addressOf(n1));
    slow.socket.write(helloBytes().subarray(0, 30));
    const other = await RawPeer.dial(addressOf(n1));
    other.socket.write(helloBytes({ clusterId: "x" }));
    await other.closed;
    clock.advance(4999);
    expect(eventOf(n1, "garbageReceived")).toBeUndefined();
    clock.advance(1);
    await slow.closed;
    expect(eventOf(n1, "garbageReceived")?.detail).toBe("no complete handshake within 5000 ms");
  });

  test("is closed when nothing arrives for the idle time", async () => {
    await using stage = new Stage();
    const { clock, peer } = await acceptedPeer(stage);
    clock.advance(6000);
    await peer.closed;
    expect(peer.count("refusal")).toBe(0);
  });

  test("answers pings, so that the dialler knows that somebody reads", async () => {
    await using stage = new Stage();
    const { clock, peer } = await acceptedPeer(stage);
    for (let round = 1; round <= 5; round += 1) {
      clock.advance(2000);
      peer.socket.write(ping);
      await eventually(() => expect(peer.count("alive")).toBe(round));
    }
    expect(peer.isClosed).toBe(false);
  });

  test("is closed when a frame takes longer than the frame time, however busy it looks", async () => {
    await using stage = new Stage();
    const { clock, n1, peer } = await acceptedPeer(stage);
    const bytes = messageBytes(append("n2", "n1", 1000));
    for (let sent = 0; sent < 15; sent += 1) {
      const known = peer.count("alive");
      peer.socket.write(bytes.subarray(sent, sent + 1));
      await eventually(() => expect(peer.count("alive") + (sent === 0 ? 1 : 0)).toBeGreaterThan(known));
      clock.advance(2000);
    }
    clock.advance(2000);
    await peer.closed;
    expect(eventOf(n1, "garbageReceived")?.detail).toBe("a frame that was not complete after 30000 ms");
  });
});
