// The bad network: each fault by itself, and that it changes nothing without any.

import type { Clock } from "@quorate/contracts";
import { transportConformance } from "@quorate/contracts/conformance";
import { describe, expect, test } from "vitest";
import { faultyNetwork, type FaultyNetworkOptions, memoryNetwork } from "../src/index.ts";

/** Time that passes when the test says so. */
class ManualClock implements Clock {
  #nowMs = 0;
  #timers: readonly { readonly atMs: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, callback };
    this.#timers = [...this.#timers, timer].toSorted((left, right) => left.atMs - right.atMs);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  defer(callback: () => void): void {
    queueMicrotask(callback);
  }

  get timers(): number {
    return this.#timers.length;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const timer of this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.callback();
    }
  }
}

transportConformance(
  { describe, test },
  {
    name: "a faulty network without faults",
    newNetwork: () => {
      const [network, faults] = [memoryNetwork(), faultyNetwork({ clock: new ManualClock() })];
      return { transport: (nodeId) => faults.wrap(network.transport(nodeId)) };
    },
    largestDataBytes: 8 * 1024 * 1024,
    hasNoSizeLimit: "messages pass by reference and have no encoded size",
  },
);

/** Three servers on a bad network; everything that arrives is in the log of the network, in order. */
async function makeStage(options: Partial<FaultyNetworkOptions> = {}) {
  const clock = new ManualClock();
  const faults = faultyNetwork({ clock, ...options });
  const network = memoryNetwork();
  const log: string[] = [];
  const start = async (nodeId: string) => {
    const transport = faults.wrap(network.transport(nodeId));
    await transport.start({
      identity: { clusterId: "c", nodeId, incarnation: "i" },
      onMessage: (message) =>
        log.push(`${message.from}>${nodeId} ${message.type === "heartbeatRequest" ? message.round : ""}`),
      onEvent: (event) => log.push(event.type),
    });
    const send = (to: string, round: number) =>
      transport.send({ type: "heartbeatRequest", from: nodeId, to, term: 1, commitIndex: 0, round });
    return { transport, send };
  };
  const arrived = async () => {
    await Promise.resolve();
    return log.splice(0);
  };
  const [n1, n2, n3] = [await start("n1"), await start("n2"), await start("n3")];
  return { clock, faults, arrived, n1, n2, n3 };
}

describe("a faulty network", () => {
  test("loses messages in the direction that was named, and counts them", async () => {
    const { faults, arrived, n1, n2 } = await makeStage();
    faults.set({ from: "n1", to: "n2" }, { drop: 1 });
    n1.send("n2", 1);
    n1.send("n3", 2);
    n2.send("n1", 3);
    expect(await arrived()).toEqual(["n1>n3 2", "n2>n1 3"]);
    expect(faults.counts.dropped).toBe(1);
  });

  test("loses as many as the chance says", async () => {
    let count = 0;
    const random = () => (count++ % 10) / 10;
    const { faults, arrived, n1 } = await makeStage({ random });
    faults.set({}, { drop: 0.3 });
    for (let round = 1; round <= 100; round += 1) n1.send("n2", round);
    expect(faults.counts.dropped).toBeGreaterThan(0);
    expect((await arrived()).length).toBe(100 - faults.counts.dropped);
  });

  test("sends twice", async () => {
    const { faults, arrived, n1 } = await makeStage();
    faults.set({ to: "n2" }, { duplicate: 1 });
    n1.send("n2", 1);
    expect(await arrived()).toEqual(["n1>n2 1", "n1>n2 1"]);
  });

  test("delays by a time between the two that were named", async () => {
    const { clock, faults, arrived, n1 } = await makeStage({ random: () => 0.5 });
    faults.set({ from: "n1" }, { delayMs: [10, 30] });
    n1.send("n2", 1);
    clock.advance(19);
    expect(await arrived()).toEqual([]);
    clock.advance(1);
    expect(await arrived()).toEqual(["n1>n2 1"]);
  });

  test("lets the next message overtake, or sends after a while if there is none", async () => {
    const { clock, faults, arrived, n1 } = await makeStage({ holdMs: 50 });
    faults.set({}, { reorder: 1 });
    n1.send("n2", 1);
    n1.send("n2", 2);
    expect(await arrived()).toEqual(["n1>n2 2", "n1>n2 1"]);
    n1.send("n2", 3);
    clock.advance(49);
    expect(await arrived()).toEqual([]);
    clock.advance(1);
    expect(await arrived()).toEqual(["n1>n2 3"]);
  });

  test("keeps the groups of a partition apart in both directions, also what is under way, until it heals", async () => {
    const { clock, faults, arrived, n1, n2, n3 } = await makeStage({ random: () => 0.5 });
    faults.set({ from: "n3" }, { delayMs: [10, 10] });
    n3.send("n1", 1);
    faults.partition(["n1"], ["n2", "n3"]);
    n1.send("n2", 2);
    n2.send("n1", 3);
    n2.send("n3", 4);
    clock.advance(10);
    expect(await arrived()).toEqual(["n2>n3 4"]);
    faults.heal();
    n1.send("n2", 5);
    n3.send("n1", 6);
    expect(await arrived()).toEqual(["n1>n2 5", "n3>n1 6"]);
    expect(faults.counts.cut).toBe(3);
  });

  test("cuts one direction alone, also for what is under way, until it heals", async () => {
    const { clock, faults, arrived, n1, n2 } = await makeStage();
    faults.set({ from: "n1" }, { delayMs: [10, 10] });
    n1.send("n2", 1);
    faults.cut({ from: "n1", to: "n2" });
    n1.send("n2", 2);
    n1.send("n3", 3);
    n2.send("n1", 4);
    clock.advance(10);
    expect(await arrived()).toEqual(["n2>n1 4", "n1>n3 3"]);
    expect(faults.counts).toMatchObject({ cut: 2, dropped: 0 });
    faults.heal();
    n1.send("n2", 5);
    expect(await arrived()).toEqual(["n1>n2 5"]);
  });

  test("keeps away what arrives from beyond a partition that only the receiver knows", async () => {
    const network = memoryNetwork();
    const faults = faultyNetwork({ clock: new ManualClock() });
    const received: unknown[] = [];
    const [n1, n2] = [network.transport("n1"), faults.wrap(network.transport("n2"))];
    const receiver = (nodeId: string) => ({
      identity: { clusterId: "c", nodeId, incarnation: "i" },
      onMessage: (message: unknown) => received.push(message),
      onEvent: () => {},
    });
    await Promise.all([n1.start(receiver("n1")), n2.start(receiver("n2"))]);
    faults.partition(["n1"], ["n2"]);
    n1.send({ type: "heartbeatRequest", from: "n1", to: "n2", term: 1, commitIndex: 0, round: 1 });
    await Promise.resolve();
    expect(received).toEqual([]);
  });

  test("of two calls about the same direction the later counts, and an empty one ends the faults", async () => {
    const { faults, arrived, n1 } = await makeStage();
    faults.set({ from: "n1", to: "n2" }, { drop: 1 });
    faults.set({ from: "n1", to: "n2" }, {});
    n1.send("n2", 1);
    expect(await arrived()).toEqual(["n1>n2 1"]);
  });

  test("loses what exceeds its bound, and says so", async () => {
    const { clock, faults, arrived, n1 } = await makeStage({ maxWaiting: 2 });
    faults.set({}, { delayMs: [10, 10] });
    for (const round of [1, 2, 3]) n1.send("n2", round);
    expect(await arrived()).toEqual(["messagesDropped"]);
    clock.advance(10);
    expect(await arrived()).toEqual(["n1>n2 1", "n1>n2 2"]);
    expect(faults.counts.overflowed).toBe(1);
  });

  test("leaves no timer and sends nothing when its transport is closed", async () => {
    const { clock, faults, arrived, n1 } = await makeStage({ maxWaiting: 2 });
    faults.set({}, { delayMs: [10, 10], reorder: 1 });
    n1.send("n2", 1);
    n1.send("n2", 2);
    await n1.transport.close();
    expect(clock.timers).toBe(0);
    clock.advance(100);
    expect(await arrived()).toEqual([]);
  });
});
