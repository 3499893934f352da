// One run of the demo: the cluster, the load on it, and what can be done to both.

import { NatsServer } from "@quorate/transport-nats/test-server";
import { Cluster } from "./cluster.ts";
import { Ledger } from "./ledger.ts";
import type { NetworkQuality } from "./network.ts";
import { Observer } from "./observer.ts";
import type { DemoOptions } from "./options.ts";
import { prove, type Verdict } from "./proof.ts";
import { readReplicas } from "./replicas.ts";
import { demoNodeCommand } from "./server-command.ts";
import type { Story } from "./story.ts";
import { until } from "./wait.ts";
import { Workload } from "./workload.ts";
import { largestGapMs } from "./write-gap.ts";

/** Modest enough that three servers and their clients leave a small machine time for heartbeats. */
const workers = 8;
const writesPerSecond = 400;

/** Time for writes that are under way to be settled when the load ends. */
const settleWithinMs = 30_000;

/** A cluster under load. */
export class Session {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly ledger: Ledger = new Ledger();
  /** Write gaps around the kills so far, in ms. */
  readonly failoversMs: number[] = [];
  readonly #story: Story;
  readonly #signal: AbortSignal;
  readonly #broker: NatsServer | undefined;
  readonly #quality: NetworkQuality;
  #workload: Workload | undefined;
  #cutOff: string | undefined;

  private constructor(parts: {
    readonly cluster: Cluster;
    readonly broker: NatsServer | undefined;
    readonly quality: NetworkQuality;
    readonly story: Story;
    readonly signal: AbortSignal;
  }) {
    this.cluster = parts.cluster;
    this.observer = new Observer(parts.cluster);
    this.#broker = parts.broker;
    this.#quality = parts.quality;
    this.#story = parts.story;
    this.#signal = parts.signal;
  }

  /** Starts the processes. `onFailure` hears of a process that ended by itself. */
  static async start(options: {
    readonly demo: DemoOptions;
    readonly story: Story;
    readonly signal: AbortSignal;
    readonly onFailure: (message: string) => void;
  }): Promise<Session> {
    const { demo, story, signal, onFailure } = options;
    const broker = demo.transport === "nats" ? await NatsServer.start({ download: true }) : undefined;
    if (broker !== undefined) story.tell(`broker  nats-server at ${broker.url}`);
    const cluster = await Cluster.create({
      command: demoNodeCommand(),
      nodes: demo.nodes,
      transport: demo.transport,
      storage: demo.storage,
      ...(broker === undefined ? {} : { brokers: [broker.url] }),
      onUnexpectedExit: (id, detail) => onFailure(`${id} ended by itself: ${detail}`),
    });
    const session = new Session({ cluster, broker, quality: demo.network, story, signal });
    try {
      if (demo.network === "bad") {
        await cluster.setNetwork({ quality: "bad", groups: [] });
        story.tell("network is bad: messages between the nodes are lost, doubled, late and out of order");
      }
      await cluster.startAll();
      const { id, term } = await session.observer.leader(0, signal);
      for (const member of cluster.members) {
        story.tell(`${member.id}  ${member.id === id ? `LEADER term ${term}` : "follower     "}  ${member.url}`);
      }
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  startLoad(): void {
    this.#workload ??= new Workload({ endpoints: this.cluster.urls, ledger: this.ledger, workers, writesPerSecond });
  }

  /** Kills the leader, waits until another one acknowledges writes, and returns the dead node's id. */
  async killLeader(): Promise<string> {
    const leader = await this.observer.leader(0, this.#signal);
    const fromMs = performance.now();
    await this.cluster.kill(leader.id);
    this.#story.tell(`${leader.id} killed (SIGKILL), it led term ${leader.term}`);
    if (!this.#majorityRuns()) {
      this.#story.tell(`no majority is left: ${leader.id} is started again at once`);
      await this.cluster.start(leader.id);
    }
    this.failoversMs.push(await this.#successor(leader.term, fromMs));
    return leader.id;
  }

  /** Stops the leader in its tracks and waits until another one acknowledges writes. */
  async pauseLeader(): Promise<void> {
    const leader = await this.observer.leader(0, this.#signal);
    const fromMs = performance.now();
    this.cluster.pause(leader.id);
    this.#story.tell(`${leader.id} paused (SIGSTOP), it led term ${leader.term}`);
    if (this.#majorityRuns()) await this.#successor(leader.term, fromMs);
    else this.#story.tell("no majority is left: writes wait");
  }

  /** The node that hears none of the others, if there is one. */
  get cutOff(): string | undefined {
    return this.#cutOff;
  }

  /** Cuts the leader off from the others, waits until another one acknowledges writes, and returns the lonely node's id. */
  async cutOffLeader(): Promise<string> {
    const leader = await this.observer.leader(0, this.#signal);
    const fromMs = performance.now();
    const others = this.cluster.members.map(({ id }) => id).filter((id) => id !== leader.id);
    this.#cutOff = leader.id;
    await this.cluster.setNetwork({ quality: this.#quality, groups: [[leader.id], others] });
    this.#story.tell(`${leader.id} cut off from the others, it led term ${leader.term}`);
    if (this.#majorityRuns()) await this.#successor(leader.term, fromMs);
    else this.#story.tell("no majority is left: writes wait");
    return leader.id;
  }

  /** Lets all nodes hear each other again. */
  async heal(): Promise<void> {
    this.#cutOff = undefined;
    await this.cluster.setNetwork({ quality: this.#quality, groups: [] });
    this.#story.tell("all nodes hear each other again");
  }

  /** Starts a dead node and waits until it has applied everything that was acknowledged when it came back. */
  async restart(id: string): Promise<void> {
    const startedMs = performance.now();
    if (!this.cluster.isRunning(id)) await this.cluster.start(id);
    if (id === this.#cutOff) {
      this.#story.tell(`${id} is back, and still cut off`);
      return;
    }
    await this.catchUp(id, startedMs);
  }

  /** Waits until a node has applied everything that is acknowledged by now. */
  async catchUp(id: string, sinceMs: number = performance.now()): Promise<void> {
    const { lastIndex } = this.ledger;
    await this.observer.applied(lastIndex, [id], this.#signal);
    this.#story.tell(
      `${id} is back and has applied index ${lastIndex}, after ${Math.round(performance.now() - sinceMs)} ms`,
    );
  }

  /** Ends the load, brings back whoever is missing, reads all replicas and compares. */
  async prove(): Promise<Verdict> {
    if (this.#cutOff !== undefined) await this.heal();
    for (const { id } of this.cluster.members) {
      if (this.cluster.isPaused(id)) this.cluster.resume(id);
      if (!this.cluster.isRunning(id)) await this.restart(id);
    }
    await this.#workload?.stop(settleWithinMs);
    await this.#endFaults();
    this.#story.tell(`load ended, reading ${this.ledger.acknowledged} acknowledged writes from each replica`);
    const replicas = await readReplicas({
      cluster: this.cluster,
      observer: this.observer,
      facts: this.ledger,
      index: this.ledger.lastIndex,
      signal: this.#signal,
    });
    return prove(this.ledger, replicas);
  }

  /** Ends the load and every process, and removes the data. Idempotent. */
  async close(): Promise<void> {
    await this.#workload?.abandon();
    await this.observer.close();
    await this.cluster.close();
    await this.#broker?.close();
  }

  /** Waits for the leader after `term` and for its first acknowledged write; the longest silence since `fromMs`, in ms. */
  async #successor(term: number, fromMs: number): Promise<number> {
    const next = await this.observer.leader(term, this.#signal);
    await until(
      { what: "a write acknowledged by the new leader", withinMs: settleWithinMs, everyMs: 5, signal: this.#signal },
      () => (this.ledger.lastTerm > term ? true : undefined),
    );
    const gapMs = largestGapMs(this.ledger.acknowledgedAtMs, { fromMs, toMs: performance.now() });
    this.#story.tell(`${next.id} LEADER term ${next.term}, writes paused for ${Math.round(gapMs)} ms`);
    return gapMs;
  }

  /** Gives the proof a good network, and says what the load had to bear. */
  async #endFaults(): Promise<void> {
    const counts = await this.cluster.setNetwork({ quality: "good", groups: [] });
    const { dropped, duplicated, delayed, reordered, cut, overflowed } = counts;
    if (dropped + duplicated + delayed + reordered + cut + overflowed === 0) return;
    const lost = `${dropped + overflowed} messages lost, ${duplicated} doubled, ${delayed} delayed, ${reordered} overtaken`;
    this.#story.tell(`network: ${lost}, ${cut} kept away by partitions`);
  }

  #majorityRuns(): boolean {
    const running = this.cluster.members.filter(
      ({ id }) => this.cluster.isRunning(id) && !this.cluster.isPaused(id) && id !== this.#cutOff,
    );
    return running.length > this.cluster.members.length / 2;
  }
}
