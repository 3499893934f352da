// The cluster's processes: configuration files, data directories, start, kill, pause, restart, and the end of everything.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultCounts } from "@quorate/memory";
import { initTls } from "../tls/init.ts";
import { type NetworkOrder, type NetworkRequest, sumOf } from "./network.ts";
import { describeExit, NodeProcess, type ServerCommand } from "./node-process.ts";
import { findFreePorts } from "./ports.ts";

/** What the nodes of a cluster have in common. */
export type ClusterOptions = {
  readonly command: ServerCommand;
  readonly nodes: number;
  readonly transport: string;
  /** Addresses of the brokers, for transports that need them. */
  readonly brokers?: readonly string[];
  readonly storage: string;
  /** More keys of the configuration file, such as `raft`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Called when a process ends that nobody asked to. */
  readonly onUnexpectedExit?: (id: string, detail: string) => void;
};

/** One member: where it is and which process it is at the moment. */
export type ClusterMember = {
  readonly id: string;
  /** Base address of its HTTP interface. */
  readonly url: string;
  /** Address of its client port, for the binary protocol. */
  readonly clientUrl: string;
  readonly peer: string;
  readonly configFile: string;
  readonly data: string;
};

/** Time for a process to print its `ready` line; a busy machine needs seconds to load the program. */
const readyWithinMs = 60_000;

/** Server processes on loopback ports with data in a temporary directory. */
export class Cluster {
  readonly members: readonly ClusterMember[];
  readonly #directory: string;
  readonly #options: ClusterOptions;
  readonly #processes = new Map<string, NodeProcess>();
  readonly #expectedExits = new WeakSet<NodeProcess>();
  readonly #faultCounts = new Map<NodeProcess, FaultCounts>();
  #network: NetworkOrder | undefined;
  readonly #removeDirectory = (): void => rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });

  private constructor(options: ClusterOptions, directory: string, members: readonly ClusterMember[]) {
    this.#options = options;
    this.#directory = directory;
    this.members = members;
    process.once("exit", this.#removeDirectory);
  }

  /** Writes the configuration of a new cluster; starts nothing. */
  static async create(options: ClusterOptions): Promise<Cluster> {
    const ports = await findFreePorts(options.nodes * 3);
    const directory = mkdtempSync(join(tmpdir(), "quorate-demo-"));
    const address = (index: number): string => `127.0.0.1:${ports[index]}`;
    const addresses = Array.from({ length: options.nodes }, (_, at) => ({
      id: `n${at + 1}`,
      peer: address(at * 3),
      http: address(at * 3 + 1),
      client: address(at * 3 + 2),
    }));
    const members = addresses.map(({ id, http, client, peer }) => ({
      id,
      peer,
      url: `http://${http}`,
      clientUrl: `tcp://${client}`,
      configFile: join(directory, `${id}.json`),
      data: join(directory, id),
    }));
    const cluster = new Cluster(options, directory, members);
    const transportOf = await transportsOf(options, directory, addresses);
    for (const { id, configFile, data } of members) {
      mkdirSync(data, { recursive: true });
      const config = {
        cluster: clusterName,
        id,
        data,
        members: Object.fromEntries(addresses.map(({ id: name, ...rest }) => [name, rest])),
        transport: transportOf(id),
        storage: { type: options.storage },
        ...options.config,
      };
      writeFileSync(configFile, JSON.stringify(config, undefined, 2));
    }
    return cluster;
  }

  get urls(): readonly string[] {
    return this.members.map(({ url }) => url);
  }

  member(id: string): ClusterMember {
    const member = this.members.find((one) => one.id === id);
    if (member === undefined) throw new Error(`the cluster has no member ${id}`);
    return member;
  }

  /** The latest process of a member; undefined before its first start. */
  process(id: string): NodeProcess | undefined {
    return this.#processes.get(id);
  }

  isRunning(id: string): boolean {
    return this.process(id)?.running === true;
  }

  isPaused(id: string): boolean {
    return this.process(id)?.paused === true;
  }

  /** Changes keys of a member's configuration; they count from its next start. */
  configure(id: string, changes: Readonly<Record<string, unknown>>): void {
    const { configFile } = this.member(id);
    const config: object = JSON.parse(readFileSync(configFile, "utf8"));
    writeFileSync(configFile, JSON.stringify({ ...config, ...changes }, undefined, 2));
  }

  /** Starts all members and resolves when all are ready. */
  async startAll(): Promise<void> {
    await Promise.all(this.members.map(({ id }) => this.start(id)));
  }

  /** Starts a member that is not running; resolves when it is ready. */
  async start(id: string): Promise<NodeProcess> {
    const node = this.launch(id);
    await withDeadline(node.ready, readyWithinMs, () => `${id} printed no ready line.\n${node.output}`);
    return node;
  }

  /** Starts a member without waiting for anything. */
  launch(id: string): NodeProcess {
    const node = new NodeProcess(id, this.#options.command, this.member(id).configFile);
    this.#processes.set(id, node);
    void this.#watch(id, node);
    if (this.#network !== undefined) void this.#tell(node, this.#network);
    return node;
  }

  async #watch(id: string, node: NodeProcess): Promise<void> {
    const status = await node.exited;
    if (this.#expectedExits.has(node)) return;
    this.#options.onUnexpectedExit?.(id, `${describeExit(status)}\n${node.output}`);
  }

  /** Ends a member's process with SIGKILL, or as given, and resolves when it has ended. */
  async kill(id: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const node = this.#processes.get(id);
    if (node === undefined) return;
    this.#expectedExits.add(node);
    node.kill(signal);
    await node.exited;
  }

  /** Stops a member's process in the middle of whatever it does (SIGSTOP). */
  pause(id: string): void {
    this.process(id)?.pause();
  }

  resume(id: string): void {
    this.process(id)?.resume();
  }

  /**
   * Makes the network between the nodes what the order says, also for those that start later. For nodes of
   * `demoNodeCommand` alone. Resolves when those that are awake have obeyed; then `faultCounts` is up to date.
   */
  async setNetwork(order: NetworkOrder): Promise<void> {
    this.#network = order;
    const told = [...this.#processes.values()]
      .filter((node) => node.running)
      .map((node) => ({ answer: this.#tell(node, order), isAwake: !node.paused }));
    // Who is paused obeys first thing when it wakes.
    await Promise.all(told.filter(({ isAwake }) => isAwake).map(({ answer }) => answer));
  }

  /** The faults that all processes together have caused, as far as they have said; those that have ended count too. */
  get faultCounts(): FaultCounts {
    return sumOf([...this.#faultCounts.values()]);
  }

  /** Asks the running processes for their faults; the answers turn up in `faultCounts`. */
  askForFaults(): void {
    for (const node of this.#processes.values()) {
      if (node.running && !node.paused && !node.isAsked) void this.#tell(node, { type: "count" });
    }
  }

  async #tell(node: NodeProcess, request: NetworkRequest): Promise<void> {
    const counts = await node.tell(request);
    if (counts !== undefined) this.#faultCounts.set(node, counts);
  }

  /** Kills every process and removes the data. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.members.map(({ id }) => this.kill(id)));
    this.#removeDirectory();
    process.off("exit", this.#removeDirectory);
  }
}

/** The cluster's name in every configuration. */
const clusterName = "demo";

/** What each node's configuration says about the way to the others. */
async function transportsOf(
  { transport, brokers }: ClusterOptions,
  directory: string,
  members: readonly { readonly id: string }[],
): Promise<(id: string) => object> {
  if (transport !== "tcp+tls") {
    return () => ({ type: transport, ...(brokers === undefined ? {} : { servers: brokers }) });
  }
  const nodes = members.map(({ id }) => id);
  const made = await initTls({
    directory: join(directory, "tls"),
    cluster: clusterName,
    nodes,
    validDays: 1,
    renew: false,
  });
  return (id) => {
    const { cert, key } = made.nodes.find((node) => node.id === id) ?? {};
    return { type: "tcp", tls: { ca: made.ca, cert, key } };
  };
}

async function withDeadline(promise: Promise<void>, ms: number, describe: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${describe()}\nwaited ${ms} ms`)), ms);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
