// The transport keeps the contract of all transports.

import { transportConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { type TcpTransport, tcpTransport } from "../src/index.ts";
import { jsonCodec } from "./json-codec.ts";

transportConformance(
  { describe, test },
  {
    name: "transport-tcp",
    newNetwork: () => {
      const transports = new Map<string, TcpTransport>();
      const transport = (nodeId: string) => {
        const made = tcpTransport({
          listen: { host: "127.0.0.1", port: 0 },
          peers: (peer) => transports.get(peer)?.address,
          codec: jsonCodec(),
          backoff: { minMs: 1, maxMs: 20 },
        });
        transports.set(nodeId, made);
        return made;
      };
      return { transport };
    },
  },
);
