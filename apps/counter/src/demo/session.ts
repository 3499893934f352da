// One run of the demo: the cluster, the load on it, and what can be done to both.

import { NatsServer } from "@quorate/transport-nats/test-server";
import { Cluster } from "./cluster.ts";
import { Ledger } from "./ledger.ts";
import { NetworkPlan, type NetworkQuality } from "./network-plan.ts";
import { leaderOf, Observer, type Statuses } from "./observer.ts";
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

/** How a node is: whether its process runs, and whether it has anybody to talk with. */
export type Condition = "running" | "cut off" | "paused" | "down";

/** How often the leader has changed, and how long writes paused at the last time and at the worst, in ms. */
export type WritePauses = { readonly count: number; readonly lastMs: number; readonly longestMs: number };

/** Where the run is on its way. */
export type Phase = "running" | "proving" | "ended";

/** A cluster under load. */
export class Session {
  readonly cluster: Cluster;
  /** The network as it should be; `applyNetwork` makes it so. */
  readonly network: NetworkPlan;
  readonly observer: Observer;
  readonly ledger: Ledger = new Ledger();
  /** Write gaps around the kills so far, in ms. */
  readonly failoversMs: number[] = [];
  readonly #story: Story;
  readonly #signal: AbortSignal;
  readonly #broker: NatsServer | undefined;
  #workload: Workload | undefined;
  #phase: Phase = "running";
  #pauses: WritePauses = { count: 0, lastMs: 0, longestMs: 0 };
  /** When something was last done to the cluster or a leader was told of, and the last term whose leader was told of. */
  #lastNewsMs = performance.now();
  #toldTerm = 0;
  /** How many are waiting for a new leader, and will tell of it. */
  #awaiting = 0;

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
    const nodes = parts.cluster.members.map(({ id }) => id);
    this.network = new NetworkPlan(nodes, parts.quality);
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
        await session.applyNetwork();
        story.tell("network is bad: messages between the nodes are lost, doubled, late and out of order", "fault");
      }
      await cluster.startAll();
      const { id, term } = await session.observer.leader(0, signal);
      // All founders form the cluster together: whoever is cut off before the others have its first entry is waited for.
      const ids = cluster.members.map((member) => member.id);
      await session.observer.applied(1, ids, signal);
      for (const member of cluster.members) {
        const isLeader = member.id === id;
        const role = isLeader ? `LEADER term ${term}` : "follower     ";
        story.tell(`${member.id}  ${role}  ${member.url}`, isLeader ? "leader" : "note");
      }
      session.#toldTerm = term;
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  startLoad(): void {
    this.#workload ??= new Workload({ endpoints: this.cluster.urls, ledger: this.ledger, workers, writesPerSecond });
  }

  /** How writes paused so far. */
  get pauses(): WritePauses {
    return this.#pauses;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** How a node is, apart from what it says of itself. */
  conditionOf(id: string): Condition {
    if (!this.cluster.isRunning(id)) return "down";
    if (this.cluster.isPaused(id)) return "paused";
    return this.network.isCutOff(id) ? "cut off" : "running";
  }

  /** Tells what was done to the cluster. */
  tellOfBlow(text: string): void {
    this.#lastNewsMs = performance.now();
    this.#story.tell(text, "fault");
  }

  /** Makes the network between the nodes what the plan says. */
  applyNetwork(): Promise<void> {
    return this.cluster.setNetwork(this.network.order());
  }

  /** Kills the leader, waits until another one acknowledges writes, and returns the dead node's id. */
  async killLeader(): Promise<string> {
    const leader = await this.observer.leader(0, this.#signal);
    const fromMs = performance.now();
    await this.cluster.kill(leader.id);
    this.tellOfBlow(`${leader.id} killed (SIGKILL), it led term ${leader.term}`);
    if (!this.#majorityRuns()) {
      this.#story.tell(`no majority is left: ${leader.id} is started again at once`, "repair");
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
    this.tellOfBlow(`${leader.id} paused (SIGSTOP), it led term ${leader.term}`);
    await this.#successorIfAny(leader.term, fromMs);
  }

  resume(id: string): void {
    this.cluster.resume(id);
    this.#story.tell(`${id} resumed (SIGCONT)`, "repair");
  }

  /** Cuts the leader off from the others, waits until another one acknowledges writes, and returns the lonely node's id. */
  async cutOffLeader(): Promise<string> {
    const leader = await this.observer.leader(0, this.#signal);
    const fromMs = performance.now();
    this.network.partition([leader.id]);
    await this.applyNetwork();
    this.tellOfBlow(`${leader.id} cut off from the others, it led term ${leader.term}`);
    await this.#successorIfAny(leader.term, fromMs);
    return leader.id;
  }

  /** Lets all nodes hear each other again. */
  async heal(): Promise<void> {
    this.network.heal();
    await this.applyNetwork();
    this.#story.tell("all nodes hear each other again", "repair");
  }

  /** Starts a dead node and waits until it has applied everything that was acknowledged when it came back. */
  async restart(id: string): Promise<void> {
    const startedMs = performance.now();
    if (!this.cluster.isRunning(id)) await this.cluster.start(id);
    if (this.network.isCutOff(id)) {
      this.#story.tell(`${id} is back, and still cut off`, "repair");
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
      "repair",
    );
  }

  /** Ends the load, brings back whoever is missing, reads all replicas and compares. */
  async prove(): Promise<Verdict> {
    this.#phase = "proving";
    if (this.network.hasCuts) await this.heal();
    this.network.reset();
    await this.applyNetwork();
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
    this.#phase = "ended";
    return prove(this.ledger, replicas);
  }

  /** Ends the load and every process, and removes the data. Idempotent. */
  async close(): Promise<void> {
    await this.#workload?.abandon();
    await this.observer.close();
    await this.cluster.close();
    await this.#broker?.close();
  }

  /** Tells of a leader that nobody waits for: elections also come by themselves, or after a link was cut by hand. */
  noticeLeader(statuses: Statuses): void {
    const leader = leaderOf(statuses, this.#toldTerm);
    if (leader === undefined || this.#awaiting > 0 || this.ledger.lastTerm < leader.term) return;
    this.#tellOfLeader(leader, this.#lastNewsMs);
  }

  /**
   * How many more nodes may fail before no majority is left that can work together; -1 if there is none already. A node
   * that is down, paused or cut off has failed.
   */
  get spareNodes(): number {
    const { members } = this.cluster;
    const works = (id: string) => this.cluster.isRunning(id) && !this.cluster.isPaused(id);
    const groups = members
      .filter(({ id }) => works(id))
      .map(({ id }) => this.network.companionsOf(id).filter(works).length);
    const majority = Math.floor(members.length / 2) + 1;
    return Math.max(-1, Math.max(0, ...groups) - majority);
  }

  async #successorIfAny(term: number, fromMs: number): Promise<void> {
    if (this.#majorityRuns()) await this.#successor(term, fromMs);
    else this.#story.tell("no majority is left: writes wait");
  }

  /** Waits for the leader after `term` and for its first acknowledged write; the longest silence since `fromMs`, in ms. */
  async #successor(term: number, fromMs: number): Promise<number> {
    this.#awaiting += 1;
    try {
      const next = await this.observer.leader(term, this.#signal);
      await until(
        { what: "a write acknowledged by the new leader", withinMs: settleWithinMs, everyMs: 5, signal: this.#signal },
        () => (this.ledger.lastTerm > term ? true : undefined),
      );
      return this.#tellOfLeader(next, fromMs);
    } finally {
      this.#awaiting -= 1;
    }
  }

  /** The longest silence between acknowledged writes since `fromMs`, in ms. */
  #tellOfLeader({ id, term }: { readonly id: string; readonly term: number }, fromMs: number): number {
    const gapMs = largestGapMs(this.ledger.acknowledgedAtMs, { fromMs, toMs: performance.now() });
    this.#toldTerm = Math.max(this.#toldTerm, term);
    this.#lastNewsMs = performance.now();
    const { count, longestMs } = this.#pauses;
    this.#pauses = { count: count + 1, lastMs: gapMs, longestMs: Math.max(longestMs, gapMs) };
    this.#story.tell(`${id} LEADER term ${term}, writes paused for ${Math.round(gapMs)} ms`, "leader");
    return gapMs;
  }

  /** Gives the proof a good network, and says what the load had to bear. */
  async #endFaults(): Promise<void> {
    this.network.setQuality("good");
    await this.applyNetwork();
    const { dropped, duplicated, delayed, reordered, cut, overflowed } = this.cluster.faultCounts;
    if (dropped + duplicated + delayed + reordered + cut + overflowed === 0) return;
    const lost = `${dropped + overflowed} messages lost, ${duplicated} doubled, ${delayed} delayed, ${reordered} overtaken`;
    this.#story.tell(`network: ${lost}, ${cut} kept away by cuts`);
  }

  #majorityRuns(): boolean {
    return this.spareNodes >= 0;
  }
}
