// Real nodes in one process: memory for disks and wires, HTTP and the binary protocol without sockets.

import type { LogStorage, Transport } from "@quorate/contracts";
import { memoryDisk, memoryLogStorage, memoryNetwork } from "@quorate/memory";
import type { ByteChannel, Dial } from "@quorate/client";
import { ClientPort } from "@quorate/client/server";
import { type NodeEvent, type RaftTuning, systemClock } from "@quorate/node";
import type { Notice } from "../../src/members/standing.ts";
import { type RunningService, startService } from "../../src/index.ts";
import { type Reply, replyOf, type RequestOptions } from "../http/fake-node.ts";
import { eventually } from "./eventually.ts";

/** A cluster of the service whose nodes can be stopped and started again. */
export class MemoryCluster implements AsyncDisposable {
  /** The founders, and whoever was added since. */
  readonly ids: string[];
  readonly defects: unknown[] = [];
  readonly network = memoryNetwork();
  readonly #founders: readonly string[];
  readonly #disks: Map<string, ReturnType<typeof memoryDisk>>;
  readonly #notices = new Map<string, Notice[]>();
  readonly #running = new Map<string, RunningService>();
  readonly #raft: RaftTuning;
  readonly #transportOf: (id: string) => Transport;
  readonly #ports: { readonly service: RunningService; close(): Promise<void> }[] = [];

  constructor(size: number, raft: RaftTuning = {}, transportOf?: (id: string) => Transport) {
    this.#raft = raft;
    this.#transportOf = transportOf ?? ((id) => this.network.transport(id));
    this.ids = Array.from({ length: size }, (_, i) => `n${i + 1}`);
    this.#founders = [...this.ids];
    this.#disks = new Map(this.ids.map((id) => [id, memoryDisk()]));
  }

  static async start(
    size: number,
    raft: RaftTuning = {},
    transportOf?: (id: string) => Transport,
  ): Promise<MemoryCluster> {
    const cluster = new MemoryCluster(size, raft, transportOf);
    await Promise.all(cluster.ids.map((id) => cluster.startNode(id)));
    return cluster;
  }

  /** `decorate` may put something between the node and its storage. */
  async startNode(id: string, decorate: (storage: LogStorage) => LogStorage = (storage) => storage): Promise<void> {
    const disk = this.#disks.get(id);
    if (disk === undefined) throw new Error(`${id} is not a member`);
    const joins = !this.#founders.includes(id);
    const service = await startService({
      clusterId: "test",
      nodeId: id,
      members: new Map(
        // Who joins is told other addresses than those in the log.
        [...this.#founders, id].map((member) => [
          member,
          { http: `http://${member}.${joins && member !== id ? "told" : "test"}`, client: `${member}.test:1` },
        ]),
      ),
      joins,
      onNotice: (notice) => this.#notices.set(id, [...this.noticesOf(id), notice]),
      storage: decorate(memoryLogStorage(disk)),
      transport: this.#transportOf(id),
      raft: this.#raft,
      fetch: (url, init) => this.fetch(url, init),
      onDefect: (error) => this.defects.push(error),
    });
    this.#running.set(id, service);
  }

  /** Starts a node that is to be added. */
  async startNewNode(id: string): Promise<void> {
    this.ids.push(id);
    this.#disks.set(id, memoryDisk());
    await this.startNode(id);
  }

  /** Takes a node's disk away and starts it without. */
  async wipeNode(id: string): Promise<void> {
    await this.stopNode(id);
    this.#disks.set(id, memoryDisk());
    await this.startNode(id);
  }

  /** What a node has told its owner. */
  noticesOf(id: string): readonly Notice[] {
    return this.#notices.get(id) ?? [];
  }

  eventsOf(id: string): AsyncIterable<NodeEvent> {
    return this.#service(id).events();
  }

  /** What programs with the binary protocol talk to. */
  nodeOf(id: string): RunningService["clientPort"]["node"] {
    return this.#service(id).clientPort.node;
  }

  drainNode(id: string): Promise<void> {
    return this.#service(id).drain();
  }

  #service(id: string): RunningService {
    const service = this.#running.get(id);
    if (service === undefined) throw new Error(`${id} is not running`);
    return service;
  }

  async stopNode(id: string): Promise<void> {
    const service = this.#running.get(id);
    await Promise.all(this.#ports.filter((port) => port.service === service).map((port) => port.close()));
    await service?.close();
    this.#running.delete(id);
  }

  /** Sends a request to one node. */
  async request(id: string, method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const { body, headers = {} } = options;
    const text = typeof body === "object" ? JSON.stringify(body) : body;
    return this.fetch(`http://${id}.test${path}`, {
      method,
      headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(text === undefined ? {} : { body: text }),
    }).then(replyOf);
  }

  /** Like the global function, but the hosts are this cluster's nodes. */
  async fetch(url: string, init: RequestInit): Promise<Response> {
    const service = this.#running.get(new URL(url).hostname.split(".")[0] ?? "");
    if (service === undefined) throw Object.assign(new TypeError("fetch failed"), { code: "ECONNREFUSED" });
    return service.handle(new Request(url, init));
  }

  /** Connections to `tcp://n1.test:1` and so on: the hosts are this cluster's nodes. */
  readonly dial: Dial = (endpoint, events) => {
    const service = this.#running.get(new URL(endpoint).hostname.split(".")[0] ?? "");
    if (service === undefined) {
      setImmediate(() => events.onClose("ECONNREFUSED"));
      return channel(
        () => {},
        () => {},
      );
    }
    const port = new ClientPort({ ...service.clientPort, clock: systemClock });
    this.#ports.push({ service, close: () => port.close(0) });
    const close = (): void => {
      setImmediate(() => {
        toServer.onClose("closed");
        events.onClose("closed");
      });
    };
    const toServer = port.accept(channel((bytes) => events.onData(bytes), close));
    setImmediate(() => events.onOpen());
    return channel((bytes) => toServer.onData(bytes), close);
  };

  /** The running node that leads, once there is one that has committed in its term. */
  leader(): Promise<string> {
    return eventually("a leader", async () => {
      for (const id of this.#running.keys()) {
        const read = await this.request(id, "GET", "/v1/counters/none?redirect=never");
        if (read.status === 404) return id;
      }
      return undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((service) => service.close()));
  }
}

/** One end of a connection: what is written is heard a turn of the event loop later. */
function channel(hear: (bytes: Uint8Array) => void, close: () => void): ByteChannel {
  return {
    write(bytes) {
      setImmediate(() => hear(bytes));
      return true;
    },
    end: close,
    destroy: close,
    pause: () => {},
    resume: () => {},
    bufferedBytes: () => 0,
  };
}
