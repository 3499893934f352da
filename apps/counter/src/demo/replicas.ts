// Reads everything that the load has written from one replica, and from that one alone: stale reads are answered by the
// node that is asked, out of its own state.

import { codeOf } from "@quorate/contracts";
import { type Client, createClient, type JsonValue } from "@quorate/client";
import type { Cluster } from "./cluster.ts";
import type { LedgerFacts } from "./ledger.ts";
import type { Observer } from "./observer.ts";
import type { ReplicaContents } from "./proof.ts";

/** Requests to one node at a time. */
const concurrency = 16;

/** The contents of all replicas, or of those with these ids, once all have applied the same index, `index` or later. */
export async function readReplicas(options: {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly facts: LedgerFacts;
  readonly index: number;
  readonly signal: AbortSignal;
  readonly ids?: readonly string[];
}): Promise<readonly ReplicaContents[]> {
  const { cluster, observer, facts, index, signal } = options;
  const { ids = cluster.members.map(({ id }) => id) } = options;
  const statuses = await observer.settled(index, signal, ids);
  return Promise.all(
    ids
      .map((id) => cluster.member(id))
      .map(async ({ id, url }) => {
        await using client = createClient({ endpoints: [url], retry: { attemptTimeoutMs: 5000 } });
        const status = statuses.get(id);
        const counters = await readCounters(client, new Set(facts.additions.map(({ counter }) => counter)), signal);
        const registers = await readRegisters(client, new Set(facts.sets.map(({ key }) => key)), signal);
        return {
          id,
          lastApplied: status?.lastApplied ?? 0,
          stateHash: status?.stateHash ?? "",
          counters,
          registers,
        };
      }),
  );
}

async function readCounters(
  client: Client,
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReplicaContents["counters"]> {
  const found = new Map<string, number>();
  await forEachConcurrently(names, async (name) => {
    const answer = await orAbsent(client.counter(name).get({ consistency: "stale", signal }));
    if (answer !== undefined) found.set(name, answer.value);
  });
  return found;
}

async function readRegisters(
  client: Client,
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReplicaContents["registers"]> {
  const found = new Map<string, { readonly value: JsonValue; readonly revision: number }>();
  await forEachConcurrently(keys, async (key) => {
    const answer = await orAbsent(client.register(key).get({ consistency: "stale", signal }));
    if (answer !== undefined) found.set(key, { value: answer.value, revision: answer.revision });
  });
  return found;
}

async function orAbsent<Answer>(reading: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === "QUORATE_NOT_FOUND") return undefined;
    throw error;
  }
}

async function forEachConcurrently<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
