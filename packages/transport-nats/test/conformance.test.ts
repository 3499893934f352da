// The transport keeps the contract of all transports, over a real broker.

import { connect } from "@nats-io/transport-node";
import { transportConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { natsTransport } from "../src/index.ts";
import { NatsServer } from "../src/test-server.ts";
import { jsonCodec } from "./json-codec.ts";

let broker: NatsServer | undefined;

transportConformance(
  { describe, test },
  {
    name: "transport-nats",
    newNetwork: async () => {
      const server = await NatsServer.start({ download: true });
      broker = server;
      return {
        transport: () => natsTransport({ servers: server.url, codec: jsonCodec() }),
        close: () => server.close(),
      };
    },
    sendNoise: async ({ nodeId }, bytes) => {
      const stranger = await connect({ servers: broker?.url ?? "" });
      stranger.publish(`raft.c-1.${nodeId}.n1`, bytes);
      await stranger.drain();
    },
    openHandles: () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length,
  },
);
