// The service over each transport with a bad network around it: messages are lost, doubled, late and out of order, the
// leader is cut off, and every increment that was acknowledged happened once.

import { createClient } from "@quorate/client";
import { msgpackCodec } from "@quorate/codec-msgpack";
import type { Transport } from "@quorate/contracts";
import { faultyNetwork, memoryNetwork } from "@quorate/memory";
import { systemClock } from "@quorate/node";
import { natsTransport } from "@quorate/transport-nats";
import { NatsServer } from "@quorate/transport-nats/test-server";
import { type TcpTransport, tcpTransport } from "@quorate/transport-tcp";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "./support/eventually.ts";
import { MemoryCluster } from "./support/memory-cluster.ts";

type MakeTransport = (id: string) => Transport;

function overMemory(): Promise<MakeTransport> {
  const network = memoryNetwork();
  return Promise.resolve((id) => network.transport(id));
}

function overTcp(): Promise<MakeTransport> {
  const running = new Map<string, TcpTransport>();
  return Promise.resolve((id) => {
    const peers = (peer: string) => running.get(peer)?.address;
    const transport = tcpTransport({ listen: { host: "127.0.0.1", port: 0 }, peers, codec: msgpackCodec() });
    running.set(id, transport);
    return transport;
  });
}

async function overNats(): Promise<MakeTransport> {
  const broker = await NatsServer.start({ download: true });
  onTestFinished(() => broker.close());
  return () => natsTransport({ servers: broker.url, codec: msgpackCodec() });
}

test.each([
  ["memory", overMemory],
  ["TCP", overTcp],
  ["NATS", overNats],
])(
  "over %s, a bad network costs no acknowledged write and repeats none",
  async (_name, open) => {
    const faults = faultyNetwork({ clock: systemClock });
    const makeTransport = await open();
    await using cluster = await MemoryCluster.start(3, {}, (id) => faults.wrap(makeTransport(id)));
    const endpoints = cluster.ids.map((id) => `http://${id}.test`);
    const fetch = (url: string, init: RequestInit) => cluster.fetch(url, init);
    await using client = createClient({ endpoints, fetch, retry: { budgetMs: 30_000 } });
    const counter = client.counter("hits");
    await counter.add(1);
    faults.set({}, { drop: 0.1, duplicate: 0.1, delayMs: [0, 10], reorder: 0.1 });
    await Promise.all(Array.from({ length: 50 }, () => counter.add(1)));
    const first = await cluster.leader();
    faults.partition(
      [first],
      cluster.ids.filter((id) => id !== first),
    );
    await Promise.all(Array.from({ length: 20 }, () => counter.add(1)));
    // Few messages carry many writes, so chance may need some heartbeats more.
    await eventually("every kind of fault has happened", async () => {
      const { dropped, duplicated, delayed, reordered, cut } = faults.counts;
      return Math.min(dropped, duplicated, delayed, reordered, cut) > 0 ? true : undefined;
    });
    faults.heal();
    expect(await counter.get()).toMatchObject({ value: 71 });
    await eventually("all nodes have the same state", async () => {
      const replies = await Promise.all(cluster.ids.map((id) => cluster.request(id, "GET", "/v1/status")));
      const hashes = new Set(
        replies.map((reply) => JSON.stringify([reply.json["lastApplied"], reply.json["stateHash"]])),
      );
      return hashes.size === 1 ? true : undefined;
    });
    const { dropped, duplicated, delayed, reordered, cut } = faults.counts;
    expect(Math.min(dropped, duplicated, delayed, reordered, cut)).toBeGreaterThan(0);
    expect(cluster.defects).toEqual([]);
  },
  60_000,
);
