// The transport keeps the contract of all transports, over a real broker.

import { transportConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { natsTransport } from "../src/index.ts";
import { NatsServer } from "../src/test-server.ts";
import { jsonCodec } from "./json-codec.ts";

transportConformance(
  { describe, test },
  {
    name: "transport-nats",
    newNetwork: async () => {
      const broker = await NatsServer.start({ download: true });
      return {
        transport: () => natsTransport({ servers: broker.url, codec: jsonCodec() }),
        close: () => broker.close(),
      };
    },
  },
);
