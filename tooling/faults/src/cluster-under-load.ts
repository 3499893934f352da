// A cluster of real service processes with clients that write all the time, and the proof in the end that no write that was
// acknowledged is lost or has happened twice.

import { Cluster, type ClusterOptions } from "@quorate/counter/demo/cluster";
import { Ledger } from "@quorate/counter/demo/ledger";
import { Observer } from "@quorate/counter/demo/observer";
import { prove } from "@quorate/counter/demo/proof";
import { readReplicas } from "@quorate/counter/demo/replicas";
import { serverCommand } from "@quorate/counter/demo/server-command";
import { until } from "@quorate/counter/demo/wait";
import { Workload } from "@quorate/counter/demo/workload";

const workers = 6;
const writesPerSecond = 300;
const neverAborted = new AbortController().signal;

export class ClusterUnderLoad {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly ledger: Ledger = new Ledger();
  #workload: Workload | undefined;

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.observer = new Observer(cluster);
  }

  /** Writes the configuration of three nodes; starts nothing. */
  static async create(options: Partial<ClusterOptions> = {}): Promise<ClusterUnderLoad> {
    const cluster = await Cluster.create({
      command: serverCommand(),
      nodes: 3,
      transport: "tcp",
      storage: "file",
      ...options,
    });
    return new ClusterUnderLoad(cluster);
  }

  /** Starts all nodes, waits for a leader, and lets the clients write. */
  async start(): Promise<void> {
    await this.cluster.startAll();
    await this.observer.leader();
    const { urls } = this.cluster;
    this.#workload ??= new Workload({ endpoints: urls, ledger: this.ledger, workers, writesPerSecond });
  }

  /** Resolves when so many more writes were acknowledged than now. */
  async acknowledgeMore(count: number): Promise<void> {
    const goal = this.ledger.acknowledged + count;
    await until({ what: `${count} more writes`, withinMs: 60_000 }, () =>
      this.ledger.acknowledged >= goal ? true : undefined,
    );
  }

  /** Ends the load, compares all replicas with what was acknowledged, and returns what is wrong. All nodes must run. */
  async problems(): Promise<readonly string[]> {
    await this.#workload?.stop(60_000);
    const { cluster, observer, ledger } = this;
    const { lastIndex: index } = ledger;
    const replicas = await readReplicas({ cluster, observer, facts: ledger, index, signal: neverAborted });
    return prove(ledger, replicas).problems;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.#workload?.abandon();
    await this.observer.close();
    await this.cluster.close();
  }
}
