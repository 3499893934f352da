// The proof must fail for histories that are wrong; each kind of wrong is tried here.
import { describe, expect, test } from "vitest";
import type { LedgerFacts } from "../../src/demo/ledger.ts";
import { prove, type ReplicaContents } from "../../src/demo/proof.ts";

const additions = (...values: readonly number[]): LedgerFacts["additions"] =>
  values.map((value) => ({ counter: "hits", value }));

const facts = (changes: Partial<LedgerFacts> = {}): LedgerFacts => ({
  additions: additions(2, 1, 4, 3),
  sets: [{ key: "x", value: { worker: 1 }, revision: 9 }],
  open: [],
  refusals: [],
  ...changes,
});

const replica = (id: string, changes: Partial<ReplicaContents> = {}): ReplicaContents => ({
  id,
  lastApplied: 9,
  stateHash: "abc",
  counters: new Map([["hits", 4]]),
  registers: new Map([["x", { value: { worker: 1 }, revision: 9 }]]),
  ...changes,
});

/** Three replicas, of which the second differs. */
const replicas = (second: Partial<ReplicaContents>): readonly ReplicaContents[] => [
  replica("n1"),
  replica("n2", second),
  replica("n3"),
];

describe("the proof holds", () => {
  test("when every acknowledged write is on every replica once", () => {
    expect(prove(facts(), replicas({}))).toEqual({
      holds: true,
      acknowledged: 5,
      lost: 0,
      duplicated: 0,
      stateHash: "abc",
      problems: [],
    });
  });
});

describe("the proof fails", () => {
  test("when one replica lacks the last addition", () => {
    const verdict = prove(facts(), replicas({ counters: new Map([["hits", 3]]) }));
    expect(verdict).toMatchObject({ holds: false, lost: 1, duplicated: 0 });
  });

  test("when one replica lacks the counter", () => {
    expect(prove(facts(), replicas({ counters: new Map() }))).toMatchObject({ holds: false, lost: 4 });
  });

  test("when an addition was applied again after the last acknowledgement", () => {
    const verdict = prove(facts(), replicas({ counters: new Map([["hits", 5]]) }));
    expect(verdict).toMatchObject({ holds: false, lost: 0, duplicated: 1 });
  });

  test("when an addition was applied twice on the way, which leaves a gap in the answers", () => {
    const all = [replica("n1", { counters: new Map([["hits", 5]]) })];
    const verdict = prove(facts({ additions: additions(1, 2, 4, 5) }), all);
    expect(verdict).toMatchObject({ holds: false, lost: 0, duplicated: 1 });
  });

  test("when the state went back, so that two additions got the same answer", () => {
    const verdict = prove(facts({ additions: additions(1, 2, 3, 3, 4) }), replicas({}));
    expect(verdict).toMatchObject({ holds: false, lost: 1, duplicated: 0 });
  });

  test("when a loss and a duplication cancel out in the sum", () => {
    // Four acknowledgements and a final value of 4, yet 2 was acknowledged twice and nobody was told 3.
    const verdict = prove(facts({ additions: additions(1, 2, 2, 4) }), replicas({}));
    expect(verdict).toMatchObject({ holds: false, lost: 1, duplicated: 1 });
  });

  test("when one replica lacks a register", () => {
    expect(prove(facts(), replicas({ registers: new Map() }))).toMatchObject({ holds: false, lost: 1 });
  });

  test("when one replica holds another value", () => {
    const registers = new Map([["x", { value: { worker: 2 }, revision: 9 }]]);
    expect(prove(facts(), replicas({ registers }))).toMatchObject({ holds: false, lost: 1, duplicated: 0 });
  });

  test("when a register was set a second time, which gives it another revision", () => {
    const registers = new Map([["x", { value: { worker: 1 }, revision: 12 }]]);
    expect(prove(facts(), replicas({ registers }))).toMatchObject({ holds: false, lost: 0, duplicated: 1 });
  });

  test("when replicas have the same writes but different states", () => {
    const verdict = prove(facts(), replicas({ stateHash: "abd" }));
    expect(verdict).toMatchObject({ holds: false, lost: 0, duplicated: 0, stateHash: undefined });
    expect(verdict.problems.join()).toContain("differ");
  });

  test("when a write was never settled, but without calling it a duplicate", () => {
    const open = [{ kind: "addition", counter: "hits" }] as const;
    const all = [replica("n1", { counters: new Map([["hits", 5]]) })];
    expect(prove(facts({ open }), all)).toMatchObject({ holds: false, lost: 0, duplicated: 0 });
  });

  test("when a write was refused", () => {
    expect(prove(facts({ refusals: ["QUORATE_X: no"] }), replicas({}))).toMatchObject({ holds: false });
  });

  test("when nothing was acknowledged or no replica was read", () => {
    expect(prove(facts({ additions: [], sets: [] }), replicas({}))).toMatchObject({ holds: false });
    expect(prove(facts(), [])).toMatchObject({ holds: false });
  });
});

test("a write that is missing on several replicas counts once", () => {
  const behind = { counters: new Map([["hits", 2]]), registers: new Map() };
  expect(prove(facts(), [replica("n1", behind), replica("n2", behind)])).toMatchObject({ lost: 3 });
});
