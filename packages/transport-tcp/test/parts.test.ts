// The small parts on their own: queue, pause before dialling, report of drops, options.

import type { TransportEvent } from "@quorate/contracts";
import { plainCodec } from "@quorate/contracts/conformance";
import { describe, expect, test } from "vitest";
import { Backoff } from "../src/backoff.ts";
import { DropReport } from "../src/drop-report.ts";
import { tcpTransport } from "../src/index.ts";
import { Outbox } from "../src/outbox.ts";
import { RefusalLog } from "../src/refusal-log.ts";
import { ManualClock } from "./manual-clock.ts";

const header = new Uint8Array(20);

describe("outbox", () => {
  test("takes what fits and leaves itself as it was when something does not", () => {
    const outbox = new Outbox(100);
    expect(outbox.push(header, new Uint8Array(100))).toBe(true);
    expect(outbox.push(header, new Uint8Array(1))).toBe(false);
    expect(outbox.bytes).toBe(120);
  });

  test("joins many frames into one block", () => {
    const outbox = new Outbox(10_000);
    for (let byte = 1; byte <= 3; byte += 1) outbox.push(Uint8Array.of(0), Uint8Array.of(byte));
    expect([...(outbox.take(1000) ?? [])]).toEqual([0, 1, 0, 2, 0, 3]);
    expect(outbox.take(1000)).toBeUndefined();
    expect(outbox.bytes).toBe(0);
  });

  test("gives blocks of about the target size, in order, and a large piece by itself", () => {
    const outbox = new Outbox(100_000);
    outbox.push(Uint8Array.of(1), new Uint8Array(5000));
    outbox.push(Uint8Array.of(2), new Uint8Array(10));
    expect(outbox.take(1000)?.length).toBe(1);
    expect(outbox.take(1000)?.length).toBe(5000);
    expect(outbox.take(1000)?.length).toBe(11);
  });
});

describe("backoff", () => {
  test("doubles up to its maximum and leaves out a random half", () => {
    const longest = new Backoff({ minMs: 50, maxMs: 1000, random: () => 0 });
    expect(Array.from({ length: 7 }, () => longest.nextMs())).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
    const shortest = new Backoff({ minMs: 50, maxMs: 1000, random: () => 0.999_999 });
    expect(shortest.nextMs()).toBeCloseTo(25, 3);
  });

  test("begins anew after a connection that lasted, not after one that ended at once", () => {
    const backoff = new Backoff({ minMs: 50, maxMs: 1000, random: () => 0 });
    backoff.nextMs();
    backoff.ended(10);
    expect(backoff.nextMs()).toBe(100);
    backoff.ended(1000);
    expect(backoff.nextMs()).toBe(50);
  });
});

describe("drop report", () => {
  test("tells the first drops at once and then the sum of every second", () => {
    const clock = new ManualClock();
    const events: TransportEvent[] = [];
    const report = new DropReport({ peer: "n2", clock, onEvent: (event) => events.push(event) });
    for (let count = 0; count < 3; count += 1) report.add("append", "queueFull");
    clock.advance(0);
    for (let count = 0; count < 500; count += 1) report.add("append", "queueFull");
    report.add("control", "tooLarge");
    clock.advance(999);
    expect(events).toEqual([{ type: "messagesDropped", peer: "n2", lane: "append", count: 3, reason: "queueFull" }]);
    clock.advance(1);
    expect(events.slice(1)).toEqual([
      { type: "messagesDropped", peer: "n2", lane: "append", count: 500, reason: "queueFull" },
      { type: "messagesDropped", peer: "n2", lane: "control", count: 1, reason: "tooLarge" },
    ]);
  });
});

describe("refusal log", () => {
  const failure = { code: "QUORATE_PEER_UNKNOWN", detail: "who?" };

  test("finds a refusal new once per peer and reason, and again after the peer was let in", () => {
    const log = new RefusalLog();
    expect([log.isNew("n2", failure), log.isNew("n2", failure), log.isNew("n3", failure)]).toEqual([true, false, true]);
    expect(log.isNew("n2", { ...failure, detail: "other" })).toBe(true);
    log.forget("n3");
    expect(log.isNew("n3", failure)).toBe(true);
  });

  test("forgets the oldest when strangers invent names without end", () => {
    const log = new RefusalLog();
    for (let count = 0; count <= 128; count += 1) log.isNew(`x${count}`, failure);
    expect([log.isNew("x128", failure), log.isNew("x0", failure)]).toEqual([false, true]);
  });
});

describe("options", () => {
  const good = { listen: { host: "127.0.0.1", port: 0 }, peers: {}, codec: plainCodec() };
  test.each([
    ["listen.port", { listen: { host: "127.0.0.1", port: 65_536 } }],
    ["listen needs a host", { listen: { host: "", port: 0 } }],
    ["peers.n2.port", { peers: { n2: { host: "h", port: 0 } } }],
    ["limits.maxMessageBytes", { limits: { maxMessageBytes: 1000 } }],
    ["limits.appendQueueBytes", { limits: { appendQueueBytes: 1000 } }],
    ["limits.maxConnections", { limits: { maxConnections: 1 } }],
    ["timeouts.idleMs", { timeouts: { keepAliveMs: 100, idleMs: 150 } }],
    ["backoff.maxMs", { backoff: { minMs: 100, maxMs: 50 } }],
  ])("names %s when it cannot work", (name, wrong) => {
    expect(() => tcpTransport({ ...good, ...wrong })).toThrow(
      expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID", message: expect.stringContaining(name) }),
    );
  });
});
