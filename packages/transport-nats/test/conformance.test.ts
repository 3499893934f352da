// The transport keeps the contract of all transports, over a real broker: with connections of its own, and with given ones.

import { connect, type NatsConnection } from "@nats-io/transport-node";
import {
  plainCodec,
  type TestServer,
  transportConformance,
  type TransportNetwork,
} from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { type NatsTransport, natsTransport } from "../src/index.ts";
import { NatsServer } from "../src/test-server.ts";

let broker: NatsServer | undefined;

async function sendNoise({ nodeId }: TestServer, bytes: Uint8Array): Promise<void> {
  const stranger = await connect({ servers: broker?.url ?? "" });
  stranger.publish(`raft.c-1.${nodeId}.n1`, bytes);
  await stranger.drain();
}

const openHandles = () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;

transportConformance(
  { describe, test },
  {
    name: "transport-nats",
    newNetwork: async () => {
      const server = await NatsServer.start({ download: true });
      broker = server;
      return {
        transport: () => natsTransport({ servers: server.url, codec: plainCodec() }),
        close: () => server.close(),
      };
    },
    sendNoise,
    openHandles,
  },
);

/** Servers of one process that share a connection, which outlives them. */
async function sharedConnection(): Promise<TransportNetwork> {
  const server = await NatsServer.start({ download: true });
  broker = server;
  const connection: NatsConnection = await connect({ servers: server.url });
  return {
    transport: (): NatsTransport => natsTransport({ connection, codec: plainCodec() }),
    close: async () => {
      await connection.close();
      await server.close();
    },
  };
}

transportConformance(
  { describe, test },
  { name: "transport-nats with a given connection", newNetwork: sharedConnection, sendNoise, openHandles },
);
