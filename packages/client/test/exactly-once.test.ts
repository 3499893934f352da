// The claim behind the retries: whatever the network does, an acknowledged addition took effect exactly once.
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { expect, test } from "vitest";
import {
  a,
  b,
  c,
  connectionError,
  type FakeNode,
  fakeCluster,
  hang,
  noLeader,
  problem,
  redirectTo,
} from "./fake-cluster.ts";

const faults = ["none", "lostRequest", "lostAnswer", "hang", "lateHang", "unknown", "noLeader", "redirect"] as const;
type Fault = (typeof faults)[number];

/** A replicated counter with a table of keys, as the service has it, behind nodes that misbehave by script. */
function faultyService(script: readonly Fault[]): { readonly node: FakeNode; value(): number } {
  const answered = new Map<string, number>();
  const remaining = [...script];
  let value = 0;
  const apply: FakeNode = ({ headers }) => {
    const key = headers.get("idempotency-key") ?? "";
    const earlier = answered.get(key);
    if (earlier === undefined) answered.set(key, (value += 1));
    const replayed = { "Idempotency-Replayed": String(earlier !== undefined) };
    return Response.json({ name: "hits", value: answered.get(key), index: value, term: 1 }, { headers: replayed });
  };
  const behaviour: Readonly<Record<Fault, FakeNode>> = {
    none: apply,
    lostRequest: () => {
      throw connectionError("ECONNRESET");
    },
    lostAnswer: (request) => {
      void apply(request);
      throw connectionError("ECONNRESET");
    },
    hang,
    lateHang: (request) => {
      void apply(request);
      return hang(request);
    },
    unknown: (request) => {
      void apply(request);
      return problem(504, { code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown", retryable: true });
    },
    noLeader,
    redirect: redirectTo(b),
  };
  return { node: (request) => behaviour[remaining.shift() ?? "none"](request), value: () => value };
}

test("after any sequence of faults the values of acknowledged additions are distinct and have no gaps", async () => {
  const script = array(constantFrom(...faults), { maxLength: 30 });
  await assert(
    asyncProperty(script, async (faultScript) => {
      const service = faultyService(faultScript);
      const nodes = { [a]: service.node, [b]: service.node, [c]: service.node };
      const { client, clock } = fakeCluster(nodes, { retry: { budgetMs: 1_000_000, attemptTimeoutMs: 10 } });
      const values: number[] = [];
      for (let call = 0; call < 5; call += 1) {
        values.push((await clock.settle(client.counter("hits").add())).value);
      }
      expect(values).toEqual([1, 2, 3, 4, 5]);
      expect(service.value()).toBe(5);
    }),
    { numRuns: 60 },
  );
});
