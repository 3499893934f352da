// Proves the transport: the suite that defines the port runs against it, here under Node's own test runner.

import { createSocket } from "node:dgram";
import { describe, test } from "node:test";
import { msgpackCodec } from "@quorate/codec-msgpack";
import { transportConformance } from "@quorate/contracts/conformance";
import { type UdpTransport, udpTransport } from "./udp-transport.ts";

let running = new Map<string, UdpTransport>();

transportConformance(
  { describe, test },
  {
    name: "udpTransport",
    newNetwork: () => {
      running = new Map();
      const transport = (nodeId: string): UdpTransport => {
        const made = udpTransport(msgpackCodec(), (peer) => running.get(peer)?.port);
        running.set(nodeId, made);
        return made;
      };
      return { transport };
    },
    sendNoise: async ({ nodeId }, bytes) => {
      const stranger = createSocket("udp4");
      await new Promise<void>((resolve) => {
        stranger.send(bytes, running.get(nodeId)?.port, "127.0.0.1", () => stranger.close(resolve));
      });
    },
    openHandles: () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("UDP")).length,
  },
);
