// Frames between two transports of one process, against the bytes of the same messages through bare sockets: what
// framing, checksums, the codec, lanes and, with TLS, encryption cost.
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { msgpackCodec } from "@quorate/codec-msgpack";
import type { Codec, Envelope } from "@quorate/contracts";
import { initTls } from "@quorate/counter/tls/init";
import { type TcpTransport, tcpTransport, type TcpTransportOptions } from "@quorate/transport-tcp";
import type { Benchmark, Sampler } from "../benchmark.ts";
import { busyAppend } from "../sample-message.ts";

const unit = "messages/s";
/** Sent and not yet received: enough to keep both ends busy, far below the queues' bounds. */
const window = 64;
const payload: Uint8Array = msgpackCodec().encode(busyAppend);

export const transportBenchmarks: readonly Benchmark[] = [
  { name: "tcp-socket", unit, open: openSockets },
  { name: "transport-tcp-frames", unit, comparedTo: "tcp-socket", open: () => openTransports(ready, {}) },
  { name: "transport-tcp", unit, comparedTo: "tcp-socket", open: () => openTransports(msgpackCodec(), {}) },
  { name: "transport-tcp-tls", unit, comparedTo: "transport-tcp", open: openTls },
];

/** Costs nothing: every message is the same, and so are its bytes. What is left is the transport alone. */
const ready: Codec = {
  name: "ready",
  version: 1,
  encode: () => payload,
  decode: () => ({ ...busyAppend, incarnation: "n1-1" }) satisfies Envelope,
};

/** Repeats until the time is over: sends while the window has room, and goes on when something has arrived. */
function sampleFlow(flow: {
  readonly send: () => void;
  readonly onArrival: (arrived: (count: number) => void) => void;
}): Sampler["sample"] {
  let arrivedInAll = 0;
  let sentInAll = 0;
  let wake = (): void => {};
  flow.onArrival((count) => {
    arrivedInAll += count;
    wake();
  });
  return async (sampleMs) => {
    const [beganMs, arrivedBefore] = [performance.now(), arrivedInAll];
    let elapsedMs = 0;
    while (elapsedMs < sampleMs) {
      for (; sentInAll - arrivedInAll < window; sentInAll += 1) flow.send();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      elapsedMs = performance.now() - beganMs;
    }
    return ((arrivedInAll - arrivedBefore) * 1000) / elapsedMs;
  };
}

/** The same bytes in the same pieces, unread: one write per message, and the other end counts bytes. */
async function openSockets(): Promise<Sampler> {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ noDelay: true }, accepted.resolve);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  const client = connect({ host: "127.0.0.1", port: address.port, noDelay: true });
  const receiver = await accepted.promise;
  let restBytes = 0;
  const sample = sampleFlow({
    send: () => void client.write(payload),
    onArrival: (arrived) =>
      receiver.on("data", (chunk: Buffer) => {
        restBytes += chunk.length;
        arrived(Math.floor(restBytes / payload.length));
        restBytes %= payload.length;
      }),
  });
  const close = (): void => {
    client.destroy();
    receiver.destroy();
    server.close();
  };
  return { sample, close };
}

async function openTransports(
  codec: Codec,
  optionsOf: Readonly<Record<string, Partial<TcpTransportOptions>>>,
): Promise<Sampler> {
  const running = new Map<string, TcpTransport>();
  const connected = Promise.withResolvers<void>();
  let onMessage = (): void => {};
  const start = async (nodeId: string): Promise<TcpTransport> => {
    const transport = tcpTransport({
      listen: { host: "127.0.0.1", port: 0 },
      peers: (peer) => running.get(peer)?.address,
      codec,
      ...optionsOf[nodeId],
    });
    await transport.start({
      identity: { clusterId: busyAppend.clusterId, nodeId, incarnation: `${nodeId}-1` },
      onMessage: () => onMessage(),
      onEvent: ({ type }) => {
        if (nodeId === "n1" && type === "peerConnected") connected.resolve();
      },
    });
    running.set(nodeId, transport);
    return transport;
  };
  const [n2, n1] = [await start("n2"), await start("n1")];
  n1.send(busyAppend.message);
  await connected.promise;
  const sample = sampleFlow({
    send: () => n1.send(busyAppend.message),
    onArrival: (arrived) => {
      onMessage = () => arrived(1);
    },
  });
  return { sample, close: async () => void (await Promise.all([n1.close(), n2.close()])) };
}

async function openTls(): Promise<Sampler> {
  const directory = mkdtempSync(join(tmpdir(), "quorate-bench-"));
  const cluster = busyAppend.clusterId;
  const made = await initTls({ directory, cluster, nodes: ["n1", "n2"], validDays: 1, renew: false });
  const optionsOf = Object.fromEntries(
    made.nodes.map(({ id, cert, key }) => [id, { tls: { ca: made.ca, cert, key } }]),
  );
  const { sample, close } = await openTransports(msgpackCodec(), optionsOf);
  return {
    sample,
    close: async () => {
      await close?.();
      rmSync(directory, { recursive: true });
    },
  };
}
