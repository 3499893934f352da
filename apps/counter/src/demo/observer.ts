// Looks at the nodes from outside, one by one, through their status.

import { type Client, createClient, type NodeStatus } from "@quorate/client";
import type { Cluster } from "./cluster.ts";
import { until } from "./wait.ts";

/** What the nodes say of themselves; a node that does not answer is missing. */
export type Statuses = ReadonlyMap<string, NodeStatus>;

/** Asks the running nodes of a cluster for their status. */
export class Observer {
  readonly #cluster: Cluster;
  readonly #client: Client;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#client = createClient({ endpoints: cluster.urls, retry: { attemptTimeoutMs: 1000 } });
  }

  async statuses(): Promise<Statuses> {
    const asked = this.#cluster.members.filter(({ id }) => this.#cluster.isRunning(id) && !this.#cluster.isPaused(id));
    const answers = await Promise.all(
      asked.map(async ({ id, url }) => {
        const status = await this.#client.status(url).catch(() => undefined);
        return status === undefined ? [] : [[id, status] as const];
      }),
    );
    return new Map(answers.flat());
  }

  /** Waits for a leader of a later term than `afterTerm`. */
  async leader(afterTerm = 0, signal?: AbortSignal): Promise<NodeStatus> {
    return until({ what: `a leader of a later term than ${afterTerm}`, withinMs: 20_000, signal }, async () =>
      leaderOf(await this.statuses(), afterTerm),
    );
  }

  /** Waits until every one of `ids` has applied the log up to `index`. */
  async applied(index: number, ids: readonly string[], signal?: AbortSignal): Promise<void> {
    const what = `index ${index} to be applied on ${ids.join(", ")}`;
    await until({ what, withinMs: 60_000, everyMs: 50, signal }, async () => {
      const statuses = await this.statuses();
      return ids.every((id) => (statuses.get(id)?.lastApplied ?? 0) >= index) ? true : undefined;
    });
  }

  /** Waits until all members, or those with these ids, answer and have applied the same index, `index` or later. */
  async settled(
    index: number,
    signal?: AbortSignal,
    ids: readonly string[] = this.#cluster.members.map(({ id }) => id),
  ): Promise<Statuses> {
    const what = `all nodes to have applied the same index, ${index} or later`;
    return until({ what, withinMs: 30_000, everyMs: 50, signal }, async () => {
      const all = await this.statuses();
      const statuses = new Map([...all].filter(([id]) => ids.includes(id)));
      const applied = new Set([...statuses.values()].map(({ lastApplied }) => lastApplied));
      const isSettled = statuses.size === ids.length && applied.size === 1 && Math.min(...applied) >= index;
      return isSettled ? statuses : undefined;
    });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** The leader of the highest term, if that is later than `afterTerm`: one that was deposed may not know it yet. */
export function leaderOf(statuses: Statuses, afterTerm = 0): NodeStatus | undefined {
  return [...statuses.values()]
    .filter(({ role, term }) => role === "leader" && term > afterTerm)
    .toSorted((a, b) => b.term - a.term)[0];
}
