// The state machine suite must be able to fail: a correct machine passes all of its laws, and each mistake breaks the law that
// forbids it.

import { describe, expect, test } from "vitest";
import { stateMachineConformance } from "../src/conformance/index.ts";
import type { CommittedCommand, SnapshotContent, StateMachine } from "../src/index.ts";
import { brokenLaws, collectLaws } from "./suite-runner.ts";

/** Mistakes that a machine can be told to make. */
type Mistake =
  | "none"
  | "throws dice"
  | "counts batches"
  | "answers once too often"
  | "changes when it is asked"
  | "changes when it is looked at"
  | "leaves something out of its snapshot"
  | "keeps what it had when it is restored"
  | "makes its pieces of what it has become"
  | "waits for the end of a snapshot";

const KEYS = 4;

/** Counts per key; a snapshot is one piece for each key. */
class Counts implements StateMachine<number, number, number> {
  readonly #mistake: Mistake;
  #counts: readonly number[] = Array.from({ length: KEYS }, () => 0);
  #isBeingRead = false;

  constructor(mistake: Mistake) {
    this.#mistake = mistake;
  }

  apply(batch: readonly CommittedCommand[]): readonly number[] {
    if (this.#mistake === "counts batches") this.#add(0);
    const results = batch.map(({ data }) => this.#add(data[0] ?? 0));
    return this.#mistake === "answers once too often" ? [...results, 0] : results;
  }

  query(key: number): number {
    if (this.#mistake === "changes when it is asked") this.#add(key);
    return this.#counts[key] ?? 0;
  }

  snapshot(): SnapshotContent {
    if (this.#isBeingRead) return Uint8Array.of(0);
    if (this.#mistake === "changes when it is looked at") this.#add(0);
    const counts = this.#counts;
    return this.#pieces(() => (this.#mistake === "makes its pieces of what it has become" ? this.#counts : counts));
  }

  restore(snapshot: Uint8Array): void {
    const earlier = this.#mistake === "keeps what it had when it is restored" ? this.#counts : [];
    this.#counts = Array.from({ length: KEYS }, (_, key) => (snapshot[key] ?? 0) + (earlier[key] ?? 0));
  }

  *#pieces(counts: () => readonly number[]): Generator<Uint8Array> {
    this.#isBeingRead = this.#mistake === "waits for the end of a snapshot";
    const keys = this.#mistake === "leaves something out of its snapshot" ? KEYS - 1 : KEYS;
    for (let key = 0; key < keys; key += 1) yield Uint8Array.of(counts()[key] ?? 0);
    this.#isBeingRead = false;
  }

  #add(key: number): number {
    const chance = this.#mistake === "throws dice" ? Math.random() : 0;
    this.#counts = this.#counts.with(key, (this.#counts[key] ?? 0) + 1);
    return (this.#counts[key] ?? 0) + chance;
  }
}

const lawsOf = (mistake: Mistake) =>
  collectLaws((framework) =>
    stateMachineConformance(framework, {
      name: "counts",
      newMachine: () => new Counts(mistake),
      command: (random) => Uint8Array.of(Math.floor(random() * KEYS)),
      queries: [0, 1, 2, 3],
    }),
  );

describe("the state machine suite", () => {
  test("passes a correct machine", async () => {
    expect(await brokenLaws(lawsOf("none"))).toEqual([]);
  });

  test.each<{ mistake: Mistake; law: string }>([
    { mistake: "throws dice", law: "the same log gives the same results and the same bytes" },
    { mistake: "counts batches", law: "results and state do not depend on how the log is cut into batches" },
    { mistake: "answers once too often", law: "there is one result for each command, and none for none" },
    { mistake: "changes when it is asked", law: "queries and snapshots change nothing" },
    { mistake: "changes when it is looked at", law: "queries and snapshots change nothing" },
    {
      mistake: "leaves something out of its snapshot",
      law: "a snapshot and the rest of the log are as good as the whole log",
    },
    {
      mistake: "keeps what it had when it is restored",
      law: "a restored state takes the place of the whole earlier one",
    },
    {
      mistake: "makes its pieces of what it has become",
      law: "a snapshot is of the moment when it was begun, however late its pieces are made",
    },
    {
      mistake: "waits for the end of a snapshot",
      law: "a snapshot that nobody finishes reading harms neither the state nor the next one",
    },
  ])("catches a machine that $mistake", async ({ mistake, law }) => {
    expect(await brokenLaws(lawsOf(mistake), law)).toEqual([law]);
  });
});
