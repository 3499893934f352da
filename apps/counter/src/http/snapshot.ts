// The route of snapshots: the whole state as of one moment, as a stream that quorate snapshot restore reads, or only stored.

import { QuorateError } from "@quorate/contracts";
import type { SnapshotSource } from "@quorate/node";
import { encodeHeader } from "../offline/snapshot-file.ts";
import { readObject } from "./body.ts";
import type { Service } from "../service-node.ts";
import { queryOptionsOf, readRequestOf } from "./request-headers.ts";

/** Nodes that are giving one away: each takes disk and bandwidth from the cluster. */
const busy = new WeakSet<Service>();

/** `GET /v1/cluster/snapshot`: contains every write that was acknowledged before, unless a stale one is asked for. */
export async function getSnapshot(service: Service, request: Request): Promise<Response> {
  const read = { type: "counter", name: "snapshot" } as const;
  const used = await service.node.query(read, queryOptionsOf(readRequestOf(request)));
  // Nobody would read the bytes.
  if (request.method === "HEAD") return new Response(null, { status: 200 });
  if (busy.has(service)) throw tooMany(service);
  busy.add(service);
  try {
    const source = await service.openSnapshot();
    if (source === undefined) throw none(service);
    return streamOf(service, source, used.consistency);
  } catch (error) {
    busy.delete(service);
    throw error;
  }
}

/** What a node says of the snapshot that it has taken. */
export type TakenSnapshot = {
  readonly node: string;
  /** The last entry in it. */
  readonly index: number;
  readonly term: number;
  readonly sizeBytes: number;
  /** Where the node's log begins now. */
  readonly firstIndex: number;
};

/** `POST /v1/cluster/snapshot`: this node, leader or not, stores a snapshot now and shortens its log. */
export async function takeSnapshot(service: Service, request: Request): Promise<Response> {
  await readObject(request, [], true);
  const taken = await service.takeSnapshot();
  if (taken === undefined) throw none(service);
  const { index, term, sizeBytes } = taken;
  const { firstIndex } = service.node.currentStatus();
  const body: TakenSnapshot = { node: service.nodeId, index, term, sizeBytes, firstIndex };
  return new Response(JSON.stringify(body), {
    status: 200,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "raft-index": String(index),
      "raft-term": String(term),
      "raft-consistency": "stale",
    },
  });
}

function streamOf(service: Service, source: SnapshotSource, consistency: string): Response {
  const { snapshot } = source;
  const header = encodeHeader({ ...snapshot, cluster: service.clusterId, node: service.nodeId });
  const iterator = bytesOf(header, source, () => busy.delete(service))[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return new Response(body, {
    status: 200,
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(header.byteLength + snapshot.sizeBytes),
      "cache-control": "no-store",
      "raft-index": String(snapshot.index),
      "raft-term": String(snapshot.term),
      "raft-consistency": consistency,
    },
  });
}

async function* bytesOf(
  header: Uint8Array,
  { chunks }: SnapshotSource,
  onEnd: () => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield header;
    yield* chunks();
  } finally {
    onEnd();
  }
}

function tooMany({ nodeId }: Service): QuorateError {
  return new QuorateError({
    code: "QUORATE_BUSY",
    message: `${nodeId} is giving away a snapshot already.`,
    hint: "Wait until it is done, or ask another node.",
    retryable: true,
  });
}

function none({ nodeId }: Service): QuorateError {
  return new QuorateError({
    code: "QUORATE_NOT_FOUND",
    message: `${nodeId} has no snapshot.`,
    hint: "A node has none before it has applied an entry, and if it was started without a place for them.",
  });
}
