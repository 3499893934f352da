// Others on the same broker: another cluster, somebody who pretends, somebody who sends noise.

import { connect, type NatsConnection } from "@nats-io/transport-node";
import { plainCodec } from "@quorate/contracts/conformance";
import { expect, test } from "vitest";
import { Incarnations } from "../src/incarnations.ts";
import { eventually } from "./eventually.ts";
import { beat, eventsOf, type Message, plainRoundsOf, Stage } from "./stage.ts";

function bytesOf(message: Message, clusterId = "c-1"): Uint8Array {
  return plainCodec().encode({ clusterId, groupId: 0, incarnation: "x", message });
}

async function strangerAt(stage: Stage): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connect({ servers: stage.broker.url, reconnect: false });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

test("noise is reported with its subject and code, and nothing else happens", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  await using stranger = await strangerAt(stage);
  stranger.publish("raft.c-1.n2.n1", new Uint8Array(0));
  stranger.publish("raft.c-1.n2.n1", Uint8Array.of(0xff, 0x00));
  stranger.publish("raft.c-1.n2.n1", new TextEncoder().encode("{}\n"));
  await stranger.flush();
  await eventually(() =>
    expect(eventsOf(n2, "garbageReceived")[0]).toMatchObject({
      from: "raft.c-1.n2.n1",
      code: "QUORATE_DECODE_FAILED",
    }),
  );
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
});

test.each([
  ["a forged sender", "raft.c-1.n2.n3", beat("n1", "n2", 1), "c-1", "QUORATE_SENDER_FORGED"],
  ["a message from the server itself", "raft.c-1.n2.n2", beat("n2", "n2", 1), "c-1", "QUORATE_SENDER_FORGED"],
  ["a message for somebody else", "raft.c-1.n2.n1", beat("n1", "n3", 1), "c-1", "QUORATE_SENDER_FORGED"],
  ["P56 a message of another cluster", "raft.c-1.n2.n1", beat("n1", "n2", 1), "c-2", "QUORATE_CLUSTER_MISMATCH"],
])("%s is not delivered, and is reported", async (_what, subject, message, clusterId, code) => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  await using stranger = await strangerAt(stage);
  stranger.publish(subject, bytesOf(message, clusterId));
  await stranger.flush();
  await eventually(() => expect(eventsOf(n2, "garbageReceived")).toMatchObject([{ from: subject, code }]));
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
});

test("of two servers under one name and on two stores, the one that was heard keeps the name", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  await stage.untilDelivered(n1, n2);
  const twin = await stage.start("n1", { identity: { incarnation: "another-i" } });
  twin.transport.send(beat("n1", "n2", 1));
  await eventually(() =>
    expect(eventsOf(n2, "peerRefused")).toMatchObject([
      { peer: "n1", from: "raft.c-1.n2.n1", code: "QUORATE_DUPLICATE_ID" },
    ]),
  );
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
});

test("a name is free for another store when its owner was silent for six seconds", () => {
  const incarnations = new Incarnations();
  expect(incarnations.admit("n1", "a", 0)).toBe(true);
  expect(incarnations.admit("n1", "b", 5999)).toBe(false);
  expect(incarnations.admit("n1", "a", 5999)).toBe(true);
  expect(incarnations.admit("n1", "b", 11_998)).toBe(false);
  expect(incarnations.admit("n1", "b", 11_999)).toBe(true);
  expect(incarnations.admit("n1", "a", 12_000)).toBe(false);
});

test("the list of names has an end", () => {
  const incarnations = new Incarnations();
  const admitted = Array.from({ length: 2000 }, (_value, count) => incarnations.admit(`n${count}`, "a", 0));
  expect(admitted.filter(Boolean)).toHaveLength(1024);
});

test("a flood of noise becomes few events", async () => {
  await using stage = await Stage.open();
  const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
  await using stranger = await strangerAt(stage);
  for (let count = 0; count < 5000; count += 1) stranger.publish(`raft.c-1.n2.s${count}`, Uint8Array.of(1));
  await stranger.flush();
  await stage.untilDelivered(n1, n2);
  await eventually(() => expect(eventsOf(n2, "garbageReceived").length).toBeGreaterThan(0));
  expect(eventsOf(n2, "garbageReceived").length).toBeLessThanOrEqual(1024);
});

test("two clusters and two prefixes on one broker do not hear each other, whatever their servers are called", async () => {
  await using stage = await Stage.open();
  const names = ["n.1", "*", ">", "a b", "n1"];
  const home = await Promise.all(names.map((name) => stage.start(name)));
  const foreign = await Promise.all([
    ...names.map((name) => stage.start(name, { identity: { clusterId: "c-1.x" } })),
    ...names.map((name) => stage.start(name, { subjectPrefix: "other" })),
  ]);
  for (const from of home) {
    for (const to of home) if (from !== to) await stage.untilDelivered(from, to);
  }
  expect(foreign.flatMap(({ messages }) => messages)).toEqual([]);
  expect(foreign.flatMap((actor) => eventsOf(actor, "garbageReceived"))).toEqual([]);
  expect(home.flatMap((actor) => eventsOf(actor, "garbageReceived"))).toEqual([]);
  expect(home.every((actor) => actor.messages.every((message) => message.to === actor.nodeId))).toBe(true);
});
