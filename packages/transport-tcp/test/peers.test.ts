// Members come and go while servers run: who is told to be a peer is dialled and let in, and nobody else.

import { describe, expect, test } from "vitest";
import { describeAddress } from "../src/failure.ts";
import { parseAddress } from "../src/options.ts";
import { eventually } from "./eventually.ts";
import { type Actor, addressOf, beat, eventOf, Stage } from "./stage.ts";

/** Servers that know nobody to begin with. */
const alone = { peers: {} } as const;

/** What `setPeers` takes for these servers. */
function peersOf(...actors: readonly Actor[]): ReadonlyMap<string, string> {
  return new Map(actors.map((actor) => [actor.nodeId, describeAddress(addressOf(actor))]));
}

describe("a server that becomes a peer", () => {
  test("is dialled at the address that was told, without anything being sent", async () => {
    await using stage = new Stage();
    const [n1, n2] = [await stage.start("n1", alone), await stage.start("n2", alone)];
    n1.transport.setPeers(peersOf(n1, n2));
    n2.transport.setPeers(peersOf(n1, n2));
    await eventually(() => expect(eventOf(n1, "peerConnected")?.peer).toBe("n2"));
    await eventually(() => expect(eventOf(n2, "peerConnected")?.peer).toBe("n1"));
    n1.transport.send(beat("n1", "n2"));
    await eventually(() => expect(n2.messages).toEqual([beat("n1", "n2")]));
  });

  test("is refused until it is known here too, and keeps trying", async () => {
    await using stage = new Stage();
    const [n1, n2] = [await stage.start("n1", alone), await stage.start("n2", alone)];
    n2.transport.setPeers(peersOf(n1));
    await eventually(() => expect(eventOf(n1, "peerRefused")?.code).toBe("QUORATE_PEER_UNKNOWN"));
    await eventually(() => expect(eventOf(n2, "peerUnreachable")?.code).toBe("QUORATE_PEER_UNKNOWN"));
    expect(eventOf(n2, "peerUnreachable")?.detail).toMatch(/refuses this server: n2 is not among the peers of n1/);
    n1.transport.setPeers(peersOf(n2));
    await eventually(() => expect(eventOf(n2, "peerConnected")).toBeDefined());
  });

  test("is told to be unreachable if its address is none", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", alone);
    n1.transport.setPeers(new Map([["n2", "somewhere"]]));
    await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
    expect(eventOf(n1, "peerUnreachable")?.detail).toBe('n2 cannot be dialled: "somewhere" is not an address');
  });
});

describe("a peer", () => {
  test("that is none any more loses its connections at once, and hears why", async () => {
    await using stage = new Stage();
    const [n1, n2] = [await stage.start("n1", alone), await stage.start("n2", alone)];
    for (const actor of [n1, n2]) actor.transport.setPeers(peersOf(n1, n2));
    await eventually(() => expect(eventOf(n2, "peerConnected")).toBeDefined());
    await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
    n1.transport.setPeers(new Map());
    expect(n1.events.at(-1)).toMatchObject({ type: "peerDisconnected", detail: "n2 is no peer any more" });
    await eventually(() => expect(eventOf(n2, "peerDisconnected")).toBeDefined());
    expect(eventOf(n2, "peerDisconnected")?.code).toBe("QUORATE_PEER_UNKNOWN");
    expect(n1.transport.queuedBytes("n2")).toBe(0);
  });

  test("that has moved is dialled at its new address", async () => {
    await using stage = new Stage();
    const [n1, n2] = [await stage.start("n1", alone), await stage.start("n2", alone)];
    for (const actor of [n1, n2]) actor.transport.setPeers(peersOf(n1, n2));
    await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
    await n2.transport.close();
    const moved = await stage.start("n2", alone);
    moved.transport.setPeers(peersOf(n1));
    n1.transport.setPeers(peersOf(moved));
    await eventually(() => {
      n1.transport.send(beat("n1", "n2"));
      expect(moved.messages.length).toBeGreaterThan(0);
    });
  });

  test("that stays where it is keeps its connections", async () => {
    await using stage = new Stage();
    const [n1, n2] = [await stage.start("n1", alone), await stage.start("n2", alone)];
    for (const actor of [n1, n2]) actor.transport.setPeers(peersOf(n1, n2));
    await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
    await eventually(() => expect(eventOf(n2, "peerConnected")).toBeDefined());
    for (const actor of [n1, n2]) actor.transport.setPeers(peersOf(n2, n1));
    n1.transport.send(beat("n1", "n2"));
    await eventually(() => expect(n2.messages).toEqual([beat("n1", "n2")]));
    expect([...n1.events, ...n2.events].map((event) => event.type)).toEqual(["peerConnected", "peerConnected"]);
  });
});

describe("an address", () => {
  test.each([
    ["10.0.0.2:7102", { host: "10.0.0.2", port: 7102 }],
    ["[::1]:7102", { host: "::1", port: 7102 }],
    ["db.example:1", { host: "db.example", port: 1 }],
    ["db.example", undefined],
    ["db.example:0", undefined],
    ["db.example:65536", undefined],
    ["::1:7102", undefined],
    ["", undefined],
  ])("as in %j is read", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });
});
