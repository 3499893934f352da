// Swap the transport: the same cluster talks in memory, over TCP, and over NATS. Only the line that makes the transport
// differs.

import { msgpackCodec } from "@quorate/codec-msgpack";
import type { Transport } from "@quorate/contracts";
import { memoryLogStorage, memoryNetwork } from "@quorate/memory";
import { RaftNode } from "@quorate/node";
import { natsTransport } from "@quorate/transport-nats";
import { NatsServer } from "@quorate/transport-nats/test-server";
import { type TcpTransport, tcpTransport } from "@quorate/transport-tcp";
import { add, Counter } from "./counter.ts";
import { leaderOf } from "./leader.ts";

const voters = ["n1", "n2", "n3"];

/** Runs a cluster of three over the given transports, and adds one. */
async function addOne(transportOf: (nodeId: string) => Transport): Promise<number> {
  const start = (nodeId: string) =>
    RaftNode.start({
      clusterId: "swap-transport",
      nodeId,
      configuration: { voters, learners: [] },
      storage: memoryLogStorage(),
      transport: transportOf(nodeId),
      stateMachine: new Counter(),
    });
  const nodes = await Promise.all(voters.map(start));
  try {
    const leader = await leaderOf(nodes);
    const { result } = await leader.propose(add(1));
    return result;
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
  }
}

const network = memoryNetwork();
console.log(`in memory: ${await addOne((nodeId) => network.transport(nodeId))}`);

const running = new Map<string, TcpTransport>();
const overTcp = (nodeId: string): Transport => {
  const transport = tcpTransport({
    listen: { host: "127.0.0.1", port: 0 }, // any free port, so the addresses are known only when all are running;
    peers: (peer) => running.get(peer)?.address, // elsewhere: { n2: { host: "10.0.0.2", port: 7102 }, … }
    codec: msgpackCodec(),
  });
  running.set(nodeId, transport);
  return transport;
};
console.log(`over TCP: ${await addOne(overTcp)}`);

const broker = await NatsServer.start({ download: true }); // elsewhere there is one already
const overNats = (): Transport => natsTransport({ servers: broker.url, subjectPrefix: "raft", codec: msgpackCodec() });
console.log(`over NATS: ${await addOne(overNats)}`);
await broker.close();
