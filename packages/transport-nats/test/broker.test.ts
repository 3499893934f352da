// The broker dies, sleeps, comes late: everything that all servers share can fail for all of them at once.

import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { append, beat, eventsOf, plainRoundsOf, Stage } from "./stage.ts";

test("a server starts while the broker is down, says so once, and joins when the broker comes", async () => {
  await using stage = await Stage.open();
  await stage.broker.kill();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  await eventually(() => expect(n1.events.length).toBeGreaterThan(0));
  expect(n1.transport.isConnected).toBe(false);
  await stage.broker.restart();
  await stage.untilDelivered(n1, n2);
  expect(n1.events).toEqual([
    {
      type: "brokerUnreachable",
      broker: stage.broker.url,
      code: "QUORATE_NATS_UNAVAILABLE",
      detail: `cannot reach ${stage.broker.url} for raft.c-1.n1.*: the connection was refused, no broker listens there (ECONNREFUSED)`,
    },
    { type: "brokerConnected", broker: stage.broker.url },
  ]);
});

test("a server that waits for the broker since long is there soon after it", async () => {
  await using stage = await Stage.open();
  stage.broker.pause();
  const n1 = await stage.start("n1", { timeouts: { startMs: 50, connectMs: 300 } });
  await eventually(() => expect(eventsOf(n1, "brokerUnreachable")).toHaveLength(1));
  stage.broker.resume();
  await eventually(() => expect(n1.transport.isConnected).toBe(true));
});

test("traffic goes on after the broker was killed and restarted, five times over", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  for (let kill = 1; kill <= 5; kill += 1) {
    await stage.untilDelivered(n1, n2);
    for (let count = 0; count < 50; count += 1) n1.transport.send(append("n1", "n2", 20_000));
    await stage.broker.kill();
    await eventually(() => expect(eventsOf(n1, "brokerDisconnected")).toHaveLength(kill));
    await stage.broker.restart();
    await stage.untilDelivered(n2, n1);
  }
  expect(eventsOf(n1, "brokerConnected").length).toBe(6);
  expect(eventsOf(n1, "brokerDisconnected")[0]).toMatchObject({
    broker: stage.broker.url,
    code: "QUORATE_NATS_UNAVAILABLE",
  });
});

test("what was sent while the broker was away is not sent when it is back", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  await stage.untilDelivered(n1, n2);
  await stage.broker.kill();
  await eventually(() => {
    n1.transport.send(beat("n1", "n2", 1));
    expect(eventsOf(n1, "brokerDisconnected")).toHaveLength(1);
  });
  for (let round = 2; round <= 100; round += 1) n1.transport.send(beat("n1", "n2", round));
  expect(n1.transport.queuedBytes("n2")).toBe(0);
  await stage.broker.restart();
  await eventually(() => expect(n1.transport.isConnected && n2.transport.isConnected).toBe(true));
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
});

test("what was sent while a connection was being made is not sent when it stands", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2", { timeouts: { pingMs: 600_000 } })];
  await stage.untilDelivered(n1, n2);
  stage.broker.pause();
  await eventually(() => expect(eventsOf(n1, "brokerDisconnected")).toHaveLength(1));
  expect(eventsOf(n1, "brokerDisconnected")[0]?.detail).toContain("it does not answer");
  // The broker sleeps: its system accepts the new connection, and nothing more happens on it.
  for (let round = 1; round <= 100; round += 1) n1.transport.send(beat("n1", "n2", round));
  stage.broker.resume();
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
});

test("while the broker sleeps, what is held stays bounded, drops are told, and all goes on when it wakes", async () => {
  await using stage = await Stage.open();
  const limits = { maxMessageBytes: 262_144, appendQueueBytes: 1_048_576, controlInFlightBytes: 65_536 };
  const settings = { limits, timeouts: { pingMs: 600_000 } };
  const [n1, n2] = [await stage.start("n1", settings), await stage.start("n2", settings)];
  await stage.untilDelivered(n1, n2);
  stage.broker.pause();
  for (let count = 0; count < 1000; count += 1) {
    n1.transport.send(append("n1", "n2", 100_000));
    n1.transport.send(beat("n1", "n2", count));
  }
  expect(n1.transport.queuedBytes("n2")).toBeLessThanOrEqual(1_048_576 + 65_536);
  await eventually(() => {
    expect(eventsOf(n1, "messagesDropped").map(({ lane, reason }) => `${lane} ${reason}`)).toEqual(
      expect.arrayContaining(["append queueFull", "control queueFull"]),
    );
  });
  expect(eventsOf(n1, "messagesDropped").length).toBeLessThanOrEqual(4);
  stage.broker.resume();
  await stage.untilDelivered(n1, n2);
  await eventually(() => expect(n1.transport.queuedBytes("n2")).toBe(0));
  n1.transport.send(append("n1", "n2", 100_000));
  expect(eventsOf(n1, "brokerDisconnected")).toEqual([]);
});

test("a message above the limit is dropped and told, the connection stays", async () => {
  await using stage = await Stage.open("max_payload: 65536");
  const settings = { limits: { maxMessageBytes: 65_536 } };
  const [n1, n2] = [await stage.start("n1", settings), await stage.start("n2", settings)];
  n1.transport.send(append("n1", "n2", 65_536));
  n1.transport.send(append("n1", "n2", 10));
  n1.transport.send(append("n1", "n2", 65_000));
  await eventually(() => expect(n2.messages).toEqual([append("n1", "n2", 10), append("n1", "n2", 65_000)]));
  await eventually(() =>
    expect(eventsOf(n1, "messagesDropped")).toEqual([
      { type: "messagesDropped", peer: "n2", lane: "append", count: 1, reason: "tooLarge" },
    ]),
  );
  expect(eventsOf(n1, "brokerDisconnected")).toEqual([]);
});

test("a broker that carries less than this server sends ends the start, naming both numbers and the remedy", async () => {
  await using stage = await Stage.open("max_payload: 65536");
  const n1 = stage.prepare("n1");
  await expect(n1.start()).rejects.toMatchObject({
    code: "QUORATE_NATS_PAYLOAD_LIMIT",
    message: `${stage.broker.url} carries messages of at most 65536 bytes (max_payload), this server sends up to 1048576.`,
    hint: expect.stringContaining("Set max_payload to at least 1048576"),
  });
  expect(n1.transport.isConnected).toBe(false);
});

test("a broker that comes back with too small a limit is not used until it is corrected", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  await stage.broker.configure("max_payload: 65536");
  await stage.broker.restart();
  await eventually(() =>
    expect(eventsOf(n1, "brokerUnreachable").at(-1)).toMatchObject({ code: "QUORATE_NATS_PAYLOAD_LIMIT" }),
  );
  n1.transport.send(beat("n1", "n2", 1));
  await stage.broker.configure("");
  await stage.broker.restart();
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
});

test("servers keep to themselves what peers that never come should get, and forget it", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  for (let count = 0; count < 100; count += 1) n1.transport.send(append("n1", "n9", 100_000));
  await eventually(() => expect(n1.transport.queuedBytes("n9")).toBe(0));
  await stage.untilDelivered(n1, n2);
  expect(eventsOf(n1, "messagesDropped")).toEqual([]);
});
