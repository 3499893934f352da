// Sessions over real nodes: a command that is repeated at another leader takes effect once.
import {
  encodeClose,
  encodeOpen,
  encodeSessionCommand,
  type SessionAnswer,
  type SessionResult,
} from "@quorate/client/sessions";
import { expect, test } from "vitest";
import { encodeCommand } from "../src/index.ts";
import { decodeResult } from "../src/state-machine/result-bytes.ts";
import type { Result } from "../src/state-machine/result.ts";
import { MemoryCluster } from "./support/memory-cluster.ts";

const addOne = encodeCommand({ type: "counterAdd", name: "hits", by: 1 });

async function propose(cluster: MemoryCluster, data: Uint8Array): Promise<SessionAnswer> {
  const { result } = await cluster.nodeOf(await cluster.leader()).propose(data);
  return sessionAnswer(result);
}

function sessionAnswer(result: SessionResult<Result>): SessionAnswer {
  if (result.type === "plain") throw new Error("a session's command was taken for a plain one");
  return result;
}

async function openSession(cluster: MemoryCluster): Promise<number> {
  const opened = await propose(cluster, encodeOpen());
  if (opened.type !== "opened") throw new Error(`a session was not opened: ${opened.type}`);
  return opened.session;
}

const valueOf = async (cluster: MemoryCluster): Promise<unknown> => {
  const read = await cluster.request(await cluster.leader(), "GET", "/v1/counters/hits");
  return read.json;
};

test("P74 a session's command that is repeated at the next leader takes effect once, with the first answer", async () => {
  await using cluster = await MemoryCluster.start(3);
  const session = await openSession(cluster);
  const command = encodeSessionCommand({ session, sequence: 1, acknowledgedBelow: 1, command: addOne });
  const first = await propose(cluster, command);
  expect(first).toMatchObject({ type: "answered", replayed: false });
  // The answer never reaches its client: the leader dies first.
  await cluster.stopNode(await cluster.leader());
  const again = await propose(cluster, command);
  expect(again).toEqual({ ...first, replayed: true });
  expect(again.type === "answered" && decodeResult(again.answer)).toEqual({ type: "counterAdded", value: 1 });
  expect(await valueOf(cluster)).toMatchObject({ value: 1 });
});

test("P74 a session that has ended refuses a repetition at the next leader, too", async () => {
  await using cluster = await MemoryCluster.start(3);
  const session = await openSession(cluster);
  const command = encodeSessionCommand({ session, sequence: 1, acknowledgedBelow: 1, command: addOne });
  await propose(cluster, command);
  await propose(cluster, encodeClose(session));
  await cluster.stopNode(await cluster.leader());
  expect(await propose(cluster, command)).toEqual({ type: "refused", reason: "unknownSession" });
  expect(await valueOf(cluster)).toMatchObject({ value: 1 });
});

test("replicas have the same state hash, whatever came through sessions, keys and plain commands", async () => {
  await using cluster = await MemoryCluster.start(3);
  const session = await openSession(cluster);
  for (const sequence of [1, 2, 3, 2]) {
    await propose(cluster, encodeSessionCommand({ session, sequence, acknowledgedBelow: 1, command: addOne }));
  }
  const headers = { "idempotency-key": "once" };
  const leader = await cluster.leader();
  for (let sent = 0; sent < 2; sent += 1) {
    await cluster.request(leader, "POST", "/v1/counters/hits/increments", { headers, body: { by: 1 } });
  }
  expect(await valueOf(cluster)).toMatchObject({ value: 4 });
  await expect
    .poll(
      async () => {
        const statuses = await Promise.all(cluster.ids.map((id) => cluster.request(id, "GET", "/v1/status")));
        return new Set(statuses.map(({ json }) => json["stateHash"])).size;
      },
      { timeout: 5_000 },
    )
    .toBe(1);
});
