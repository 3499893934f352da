// Small clusters, looked at in every state that they can reach: the laws hold in all of them. QUORATE_EXHAUSTIVE=1 adds the
// large scopes, which take minutes.
import { expect, test } from "vitest";
import { largeScopes, openCore, scopeOf, smallScopes } from "./scopes.ts";
import { search } from "./search.ts";

const isThorough = process.env["QUORATE_EXHAUSTIVE"] !== undefined;
const names = Object.keys(isThorough ? { ...smallScopes, ...largeScopes } : smallScopes);
const core = await openCore();

test.each(names)(
  "every order of events keeps the laws: %s",
  (name) => {
    const { states, serverStates, violation } = search(scopeOf(name, core));
    console.log(`${name}: ${states} states of the cluster, ${serverStates} of single servers`);
    expect(violation).toBeUndefined();
    expect(states, "a search that sees little proves little").toBeGreaterThan(1_000);
  },
  isThorough ? 3_600_000 : 300_000,
);

test.each(["elections", "entries in one term", "a leader crashes", "figure 8", "a learner is promoted"])(
  "the short cuts of the search miss nothing: %s",
  (name) => {
    const scope = scopeOf(name, core);
    const literal = search({ ...scope, isLiteral: true });
    const { states, looks } = search(scope);
    expect(looks).toBe(literal.looks);
    expect(states).toBeLessThan(literal.states);
  },
  120_000,
);
