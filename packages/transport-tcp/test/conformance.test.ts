// The transport keeps the contract of all transports, in plain text and with certificates.

import { connect } from "node:net";
import { plainCodec, type TestServer, transportConformance } from "@quorate/contracts/conformance";
import { afterAll, describe, test } from "vitest";
import { type TcpTransport, tcpTransport, type TcpTransportOptions } from "../src/index.ts";
import { Authority, Files } from "./authority.ts";

function networkOf(optionsOf: (nodeId: string) => Partial<TcpTransportOptions>) {
  const transports = new Map<string, TcpTransport>();
  const transport = (nodeId: string) => {
    const made = tcpTransport({
      listen: { host: "127.0.0.1", port: 0 },
      peers: (peer) => transports.get(peer)?.address,
      codec: plainCodec(),
      backoff: { minMs: 1, maxMs: 20 },
      ...optionsOf(nodeId),
    });
    transports.set(nodeId, made);
    return made;
  };
  return { transport };
}

/** Says these bytes at a server's port, and waits for nothing but that they are gone or refused. */
function sendNoise(server: TestServer, bytes: Uint8Array): Promise<void> {
  // The suite was given transports of this kind.
  const { address } = server.transport as TcpTransport;
  const socket = connect({ host: "127.0.0.1", port: address?.port ?? 0 });
  socket.on("error", () => {});
  socket.resume();
  socket.end(bytes);
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

/** Sockets and listening ports of this process. */
function openHandles(): number {
  return process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS)/.test(kind)).length;
}

transportConformance(
  { describe, test },
  { name: "transport-tcp", newNetwork: () => networkOf(() => ({})), sendNoise, openHandles },
);

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
    sendNoise,
    openHandles,
    newNetwork: () => networkOf((nodeId) => ({ tls: files.get(nodeId)?.paths ?? { ca: "", cert: "", key: "" } })),
  },
);
