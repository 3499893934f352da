// The transport keeps the contract of all transports, in plain text and with certificates.

import { transportConformance } from "@quorate/contracts/conformance";
import { afterAll, describe, test } from "vitest";
import { type TcpTransport, tcpTransport, type TcpTransportOptions } from "../src/index.ts";
import { Authority, Files } from "./authority.ts";
import { jsonCodec } from "./json-codec.ts";

function networkOf(optionsOf: (nodeId: string) => Partial<TcpTransportOptions>) {
  const transports = new Map<string, TcpTransport>();
  const transport = (nodeId: string) => {
    const made = tcpTransport({
      listen: { host: "127.0.0.1", port: 0 },
      peers: (peer) => transports.get(peer)?.address,
      codec: jsonCodec(),
      backoff: { minMs: 1, maxMs: 20 },
      ...optionsOf(nodeId),
    });
    transports.set(nodeId, made);
    return made;
  };
  return { transport };
}

transportConformance({ describe, test }, { name: "transport-tcp", newNetwork: () => networkOf(() => ({})) });

const authority = new Authority();
// Of every cluster in the suite, so that the transport itself must keep them apart.
const uris = (nodeId: string) => [`quorate://c-1/${nodeId}`, `quorate://c-2/${nodeId}`];
const files = new Map(
  ["n1", "n2", "n3"].map((nodeId) => [
    nodeId,
    new Files({ ca: authority.pem, ...authority.issue({ uris: uris(nodeId) }) }),
  ]),
);
afterAll(() => {
  for (const set of files.values()) set[Symbol.dispose]();
});

transportConformance(
  { describe, test },
  {
    name: "transport-tcp with TLS",
    newNetwork: () => networkOf((nodeId) => ({ tls: files.get(nodeId)?.paths ?? { ca: "", cert: "", key: "" } })),
  },
);
