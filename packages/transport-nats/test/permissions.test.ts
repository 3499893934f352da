// What the README tells operators to grant is enough for a server, and too little for anybody who pretends to be it.

import { readFileSync } from "node:fs";
import { connect } from "@nats-io/transport-node";
import { plainCodec } from "@quorate/contracts/conformance";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "./eventually.ts";
import { beat, eventsOf, plainRoundsOf, Stage } from "./stage.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** The broker's configuration in the README, with its cluster's name replaced by the one of these tests. */
const config = (/```hcl\n([^]*?)```/.exec(readme)?.[1] ?? "").replaceAll("raft.orders.", "raft.c-1.");

function serversFor(stage: Stage, user: string): string {
  return `nats://${user}:secret-of-${user}@127.0.0.1:${stage.broker.port}`;
}

test("servers with the permissions of the README talk to each other", async () => {
  await using stage = await Stage.open(config);
  const n1 = await stage.start("n1", { servers: serversFor(stage, "n1") });
  const n2 = await stage.start("n2", { servers: serversFor(stage, "n2") });
  await stage.untilDelivered(n1, n2);
  await stage.untilDelivered(n2, n1);
  expect([...n1.events, ...n2.events].map(({ type }) => type)).toEqual(["brokerConnected", "brokerConnected"]);
});

test("the broker discards what a server publishes as somebody else, and tells who tries", async () => {
  await using stage = await Stage.open(config);
  const n1 = await stage.start("n1", { servers: serversFor(stage, "n1") });
  const n2 = await stage.start("n2", { servers: serversFor(stage, "n2") });
  const pretender = await connect({ servers: stage.broker.url, user: "n3", pass: "secret-of-n3" });
  onTestFinished(() => pretender.close());
  const message = beat("n1", "n2", 1);
  pretender.publish("raft.c-1.n2.n1", plainCodec().encode({ clusterId: "c-1", groupId: 0, incarnation: "x", message }));
  await pretender.flush();
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
  expect(eventsOf(n2, "garbageReceived")).toEqual([]);
});

test("a server with another one's login cannot listen, and its start says what is not permitted", async () => {
  await using stage = await Stage.open(config);
  const n1 = stage.prepare("n1", { servers: serversFor(stage, "n2") });
  await expect(n1.start()).rejects.toMatchObject({
    code: "QUORATE_NATS_REFUSED",
    message: `${stage.broker.url} does not permit this user to subscribe to raft.c-1.n1.*.`,
    cause: expect.objectContaining({ name: "PermissionViolationError" }),
  });
});

test("a wrong password ends the start with a clear refusal that does not repeat it", async () => {
  await using stage = await Stage.open(config);
  const n1 = stage.prepare("n1", { servers: `nats://n1:guess@127.0.0.1:${stage.broker.port}` });
  const error = await n1.start().catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: "QUORATE_NATS_REFUSED",
    message: expect.stringContaining(`${stage.broker.url} refused the login for raft.c-1.n1.*: `),
    cause: expect.objectContaining({ name: "AuthorizationError" }),
  });
  expect(`${String(error)} ${JSON.stringify(n1.events)}`).not.toContain("guess");
});

test("a login that is refused after a restart is told once, and tried again until it is granted", async () => {
  await using stage = await Stage.open(config);
  const n1 = await stage.start("n1", { servers: serversFor(stage, "n1") });
  const n2 = await stage.start("n2", { servers: serversFor(stage, "n2") });
  await stage.broker.configure(config.replaceAll("secret-of-", "other-secret-of-"));
  await stage.broker.restart();
  await eventually(() => expect(eventsOf(n1, "brokerUnreachable")).toMatchObject([{ code: "QUORATE_NATS_REFUSED" }]));
  await stage.broker.configure(config);
  await stage.broker.restart();
  await stage.untilDelivered(n1, n2);
  expect(eventsOf(n1, "brokerUnreachable")).toHaveLength(1);
});

test("what a server may not publish is told with the peer it was for", async () => {
  const restricted = config.replace('publish: ["raft.c-1.*.n1"]', 'publish: ["raft.c-1.n3.n1"]');
  expect(restricted).not.toBe(config);
  await using stage = await Stage.open(restricted);
  const n1 = await stage.start("n1", { servers: serversFor(stage, "n1") });
  n1.transport.send(beat("n1", "n2", 1));
  await eventually(() =>
    expect(eventsOf(n1, "peerUnreachable")).toMatchObject([
      { peer: "n2", code: "QUORATE_NATS_REFUSED", detail: expect.stringContaining("raft.c-1.n2.n1") },
    ]),
  );
});
