// Peers that cannot be reached: each reason has its own words, each change of state one event, and all of them heal.

import { createServer } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../src/system-clock.ts";
import { eventually } from "./eventually.ts";
import { ManualClock } from "./manual-clock.ts";
import { RawServer } from "./raw-peer.ts";
import { addressOf, beat, eventOf, Stage } from "./stage.ts";

/** An address on which nobody listens. */
async function freeAddress(): Promise<{ readonly host: string; readonly port: number }> {
  const server = await RawServer.listen("nobody");
  const { address } = server;
  await server[Symbol.asyncDispose]();
  return address;
}

describe("dialling", () => {
  test("a port on which nobody listens is said to refuse, once, however often it is tried", async () => {
    await using stage = new Stage();
    const address = await freeAddress();
    let attempts = 0;
    const lookUp = () => {
      attempts += 1;
      return address;
    };
    const n1 = await stage.start("n1", { peers: lookUp });
    n1.transport.send(beat("n1", "n2"));
    await eventually(() => expect(attempts).toBeGreaterThan(12));
    expect(n1.events).toEqual([
      {
        type: "peerUnreachable",
        peer: "n2",
        code: "QUORATE_PEER_UNREACHABLE",
        detail: `n2 at 127.0.0.1:${address.port} refused the connection: no server listens there`,
      },
    ]);
  });

  test("a name that does not exist is said not to be found", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", { peers: { n2: { host: "no-such-host.invalid", port: 1 } }, insecure: true });
    await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
    expect(eventOf(n1, "peerUnreachable")?.detail).toBe("n2 at no-such-host.invalid:1: the name was not found");
  });

  test("a server that accepts and says nothing times out", async () => {
    await using stage = new Stage();
    await using silent = await RawServer.listen("n2");
    silent.answer = () => {};
    const clock = new ManualClock();
    const n1 = await stage.start("n1", { peers: { n2: silent.address }, clock });
    await eventually(() => expect(silent.connections.every((peer) => peer.count("hello") === 1)).toBe(true));
    await eventually(() => expect(silent.connections.length).toBe(3));
    await eventually(() => expect(silent.connections.map((peer) => peer.count("hello"))).toEqual([1, 1, 1]));
    clock.advance(4999);
    expect(n1.events).toEqual([]);
    clock.advance(1);
    expect(eventOf(n1, "peerUnreachable")?.detail).toMatch(/timed out: it accepted .* within 5000 ms/);
  });

  test("a server of another kind is said not to be understood", async () => {
    await using stage = new Stage();
    await using other = await RawServer.listen("n2");
    other.answer = (peer) => peer.socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    const n1 = await stage.start("n1", { peers: { n2: other.address } });
    await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
    expect(eventOf(n1, "peerUnreachable")?.detail).toMatch(/expecting n2, but the answer is not understood/);
  });

  test("an address that cannot be dialled at all is told and harms nobody", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", { peers: () => ({ host: "127.0.0.1", port: 99_999 }) });
    n1.transport.send(beat("n1", "n2"));
    expect(eventOf(n1, "peerUnreachable")?.detail).toMatch(/n2 cannot be dialled/);
  });

  test("an address beyond this machine is not dialled in plain text", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", { peers: () => ({ host: "192.0.2.1", port: 7101 }) });
    n1.transport.send(beat("n1", "n2"));
    expect(eventOf(n1, "peerUnreachable")).toMatchObject({
      code: "QUORATE_TLS_REQUIRED",
      detail: "n2 cannot be dialled: plain TCP would send everything unprotected through 192.0.2.1:7101",
    });
  });

  test("a peer without an address is told once", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1");
    for (let round = 0; round < 10; round += 1) n1.transport.send(beat("n1", "n2", round));
    expect(n1.events).toMatchObject([{ code: "QUORATE_PEER_UNKNOWN", detail: "no address is known for n2" }]);
  });
});

describe("a peer's state", () => {
  test("is told when it changes: unreachable, connected, disconnected, connected", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1");
    n1.transport.send(beat("n1", "n2"));
    const n2 = await stage.start("n2");
    await eventually(() => {
      n1.transport.send(beat("n1", "n2"));
      expect(eventOf(n1, "peerConnected")).toBeDefined();
    });
    await n2.transport.close();
    await eventually(() => expect(eventOf(n1, "peerDisconnected")).toBeDefined());
    await eventually(() => expect(n1.events.at(-1)?.type).toBe("peerUnreachable"));
    await stage.start("n2");
    await eventually(() => expect(n1.events.at(-1)?.type).toBe("peerConnected"));
    expect(n1.events.map((event) => event.type)).toEqual([
      "peerUnreachable",
      "peerConnected",
      "peerDisconnected",
      "peerUnreachable",
      "peerConnected",
    ]);
  });

  test("turns to connected at once when the peer dials us, however long the pause was to be", async () => {
    await using stage = new Stage();
    const address = await freeAddress();
    stage.tell("n2", address);
    const n1 = await stage.start("n1", { backoff: { minMs: 3_600_000, maxMs: 3_600_000 } });
    n1.transport.send(beat("n1", "n2"));
    await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
    const n2 = await stage.start("n2");
    n2.transport.send(beat("n2", "n1"));
    await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
  });

  test("is not asked for any more when nobody has talked to it for a minute", async () => {
    await using stage = new Stage();
    const clock = new ManualClock();
    let attempts = 0;
    const lookUp = () => {
      attempts += 1;
      return undefined;
    };
    const n1 = await stage.start("n1", { peers: lookUp, clock });
    n1.transport.send(beat("n1", "n2"));
    clock.advance(59_000);
    const whileWanted = attempts;
    clock.advance(2000);
    const atTheEnd = attempts;
    clock.advance(600_000);
    expect(whileWanted).toBeGreaterThan(100);
    expect(attempts).toBe(atTheEnd);
    n1.transport.send(beat("n1", "n2"));
    expect(attempts).toBe(atTheEnd + 3);
  });
});

describe("listening", () => {
  test("on a port in use fails and says what to do", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1");
    const second = stage.start("n2", { listen: addressOf(n1) });
    await expect(second).rejects.toMatchObject({
      code: "QUORATE_ADDRESS_IN_USE",
      message: `Cannot listen on 127.0.0.1:${addressOf(n1).port}: another process does.`,
      hint: expect.stringContaining("another port"),
    });
  });

  test.each([
    ["an address of another machine", "192.0.2.1", /does not have that address/],
    ["a name that does not exist", "no-such-host.invalid", /name was not found/],
  ])("on %s fails with its reason", async (_what, host, message) => {
    await using stage = new Stage();
    await expect(stage.start("n1", { listen: { host, port: 0 }, insecure: true })).rejects.toMatchObject({
      code: "QUORATE_ADDRESS_UNUSABLE",
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ["an address of all networks", { listen: { host: "0.0.0.0", port: 0 } }],
    ["an address of one network", { listen: { host: "192.0.2.1", port: 0 } }],
    ["a peer elsewhere", { peers: { n2: { host: "127.example.com", port: 1 } } }],
  ])("in plain text is refused with %s", (_what, settings) => {
    const stage = new Stage();
    expect(() => stage.make(settings)).toThrow(expect.objectContaining({ code: "QUORATE_TLS_REQUIRED" }));
  });

  test("in plain text comes with a warning where it was asked for by name", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", { insecure: true });
    expect(eventOf(n1, "transportWarning")?.code).toBe("QUORATE_PLAIN_TEXT");
  });

  test("works once per transport", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1");
    const receiver = {
      identity: { clusterId: "c", nodeId: "n1", incarnation: "i" },
      onMessage: () => {},
      onEvent: () => {},
    };
    await expect(n1.transport.start(receiver)).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
  });

  test("that is interrupted by close leaves the port free", async () => {
    await using stage = new Stage();
    const { port } = await freeAddress();
    const transport = stage.make({ listen: { host: "localhost", port } });
    const starting = transport.start({
      identity: { clusterId: "c", nodeId: "n1", incarnation: "i" },
      onMessage: () => {},
      onEvent: () => {},
    });
    await Promise.allSettled([transport.close(), starting]);
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(port, "localhost", resolve);
    });
    expect(server.listening).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("the system's clock", () => {
  test("never calls back early, although the system's timers do by a fraction of a millisecond", async () => {
    const now = vi.spyOn(performance, "now");
    for (const nowMs of [0, 4.2, 4.2, 5.1]) now.mockReturnValueOnce(nowMs);
    await new Promise<void>((resolve) => {
      systemClock.schedule(5, resolve);
    });
    expect(now).toHaveBeenCalledTimes(4);
    now.mockRestore();
  });

  test("does not call back what was cancelled", async () => {
    const calls: string[] = [];
    const cancel = systemClock.schedule(systemClock.now() + 1, () => calls.push("cancelled"));
    cancel();
    await new Promise<void>((resolve) => {
      systemClock.schedule(systemClock.now() + 5, resolve);
    });
    expect(calls).toEqual([]);
  });
});
