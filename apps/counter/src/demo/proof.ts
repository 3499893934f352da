// The proof: from what was acknowledged and what each replica holds to what was lost and what was done twice.
//
// Every addition adds 1 and its answer is the value after it. If each took effect exactly once, the answers of one
// counter are 1, 2, 3 … without a gap or a repetition, and every replica stands at the last of them. Every set has a key
// of its own and an answer with a revision: each replica must hold that value at that revision.

import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@quorate/client";
import type { LedgerFacts } from "./ledger.ts";

/** What one replica holds, read from that replica alone. */
export type ReplicaContents = {
  readonly id: string;
  readonly lastApplied: number;
  readonly stateHash: string;
  /** A counter that was never incremented there is missing. */
  readonly counters: ReadonlyMap<string, number>;
  /** A register without value is missing. */
  readonly registers: ReadonlyMap<string, { readonly value: JsonValue; readonly revision: number }>;
};

/** The outcome of the proof. */
export type Verdict = {
  /** True only if nothing is lost, duplicated, open, refused or different between replicas. */
  readonly holds: boolean;
  readonly acknowledged: number;
  /** Acknowledged writes that are missing on some replica. */
  readonly lost: number;
  /** Writes that took effect more than once on some replica. */
  readonly duplicated: number;
  /** Of all replicas, if they agree. */
  readonly stateHash: string | undefined;
  /** What is wrong, in words; empty if the proof holds. */
  readonly problems: readonly string[];
};

/** Checks every acknowledged write against every replica. */
export function prove(facts: LedgerFacts, replicas: readonly ReplicaContents[]): Verdict {
  const lost = new Set<string>();
  const duplicated = new Set<string>();
  for (const [counter, values] of valuesByCounter(facts)) {
    const openCount = facts.open.filter((write) => write.kind === "addition" && write.counter === counter).length;
    checkCounter({ counter, values, openCount, replicas, lost, duplicated });
  }
  for (const set of facts.sets) checkRegister(set, replicas, lost, duplicated);

  const acknowledged = facts.additions.length + facts.sets.length;
  const hashes = new Set(replicas.map(({ lastApplied, stateHash }) => `${stateHash} at index ${lastApplied}`));
  const problems = [
    ...(acknowledged === 0 ? ["no write was acknowledged, so there is nothing to prove"] : []),
    ...(replicas.length === 0 ? ["no replica was read"] : []),
    ...describe("lost", lost),
    ...describe("applied more than once", duplicated),
    ...(facts.open.length === 0 ? [] : [`${facts.open.length} writes never got an answer that settles them`]),
    ...(facts.refusals.length === 0 ? [] : [`${facts.refusals.length} writes were refused: ${facts.refusals[0]}`]),
    ...(hashes.size <= 1 ? [] : [`the replicas differ: ${[...hashes].join("; ")}`]),
  ];
  return {
    holds: problems.length === 0,
    acknowledged,
    lost: lost.size,
    duplicated: duplicated.size,
    stateHash: hashes.size === 1 ? replicas[0]?.stateHash : undefined,
    problems,
  };
}

function valuesByCounter(facts: LedgerFacts): ReadonlyMap<string, readonly number[]> {
  const byCounter = new Map<string, number[]>();
  for (const { counter, value } of facts.additions) {
    const values = byCounter.get(counter);
    if (values === undefined) byCounter.set(counter, [value]);
    else values.push(value);
  }
  return byCounter;
}

function checkCounter(check: {
  readonly counter: string;
  readonly values: readonly number[];
  /** Additions that may or may not have taken effect: as many gaps are no evidence of duplication. */
  readonly openCount: number;
  readonly replicas: readonly ReplicaContents[];
  readonly lost: Set<string>;
  readonly duplicated: Set<string>;
}): void {
  const { counter, values, openCount, replicas, lost, duplicated } = check;
  const distinct = new Set<number>();
  values.forEach((value, each) => {
    // Two additions with the same answer: the state went back in between, so the first of them is gone.
    if (distinct.has(value)) lost.add(`${counter} = ${value} (answered again, acknowledgement ${each})`);
    distinct.add(value);
  });
  for (const { counters } of replicas) {
    const held = counters.get(counter) ?? 0;
    for (const value of distinct) if (value > held) lost.add(`${counter} = ${value}`);
    const unexplained: number[] = [];
    for (let value = 1; value <= held; value += 1) if (!distinct.has(value)) unexplained.push(value);
    // A value that no acknowledged addition produced was produced by one that took effect a second time.
    for (const value of unexplained.slice(openCount)) duplicated.add(`${counter} = ${value}`);
  }
}

function checkRegister(
  set: LedgerFacts["sets"][number],
  replicas: readonly ReplicaContents[],
  lost: Set<string>,
  duplicated: Set<string>,
): void {
  for (const { registers } of replicas) {
    const held = registers.get(set.key);
    if (held === undefined || !isDeepStrictEqual(held.value, set.value)) lost.add(set.key);
    else if (held.revision !== set.revision) duplicated.add(set.key);
  }
}

function describe(what: string, writes: ReadonlySet<string>): readonly string[] {
  if (writes.size === 0) return [];
  const shown = [...writes].slice(0, 3).join(", ");
  return [`${writes.size} writes ${what}: ${shown}${writes.size > 3 ? ", …" : ""}`];
}
