// Whoever watches a run sees each event and the nodes after it, and changes nothing by watching.
import { describe, expect, test } from "vitest";
import { registers, simulate, SimulationFailure, type SimulationStep } from "../src/index.ts";

async function stepsOf(options: Partial<Parameters<typeof simulate>[0]>): Promise<readonly SimulationStep[]> {
  const steps: SimulationStep[] = [];
  await simulate({
    seed: 1,
    faults: "none",
    durationMs: 2000,
    ...options,
    ...registers(),
    onStep: (step) => steps.push(step),
  });
  return steps;
}

describe("a watched run", () => {
  test.each([2, 3, 4, 5])("has the same trace as one that nobody watches: seed %i", async (seed) => {
    const options = { seed, nodes: 5, faults: "swarm", ...registers() } as const;
    const alone = await simulate(options);
    const watched = await simulate({ ...options, onStep: () => undefined });
    expect(watched.traceHash).toBe(alone.traceHash);
  });

  test("begins with the start of every node and goes on in the order of time", async () => {
    const steps = await stepsOf({ nodes: 3 });
    expect(steps[0]?.events).toMatchObject(["n1", "n2", "n3"].map((nodeId) => ({ type: "start", nodeId })));
    const times = steps.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test("shows an election, messages as they arrive, and logs that become equal", async () => {
    const steps = await stepsOf({ nodes: 3 });
    const roles = steps.map(({ nodes }) => nodes.map(({ status }) => status?.role));
    expect(roles.findIndex((each) => each.includes("candidate"))).toBeGreaterThan(0);
    const arrived = steps.flatMap(({ events }) =>
      events.flatMap((each) => (each.type === "message" ? each.message : [])),
    );
    expect(arrived.map(({ type }) => type)).toContain("voteRequest");
    const logs = steps.at(-1)?.nodes.map(({ log }) => log.lastIndex);
    expect(new Set(logs).size).toBe(1);
    expect(logs?.[0]).toBeGreaterThan(5);
  });

  test("shows what clients ask and what they learn", async () => {
    const events = (await stepsOf({})).flatMap((step) => step.events);
    const types = events.map(({ type }) => type);
    const calls = events.flatMap((each) => (each.type === "invoke" ? [each.operation] : []));
    expect(calls.slice(0, 3)).toEqual([1, 2, 3]);
    expect(types.filter((type) => type === "ok").length).toBeGreaterThan(5);
    expect(types).toContain("heal");
  });

  test("shows who is down, and what is on the disk meanwhile", async () => {
    const script = [{ fault: "crash", node: "n2", downMs: 500, atMs: 1000 }] as const;
    const steps = await stepsOf({ script });
    const whileDown = steps.find(({ nodes }) => nodes[1]?.condition === "down")?.nodes[1];
    expect(whileDown).toMatchObject({ id: "n2", term: 1, status: undefined });
    expect(whileDown?.log.lastIndex).toBeGreaterThan(0);
    expect(steps.at(-1)?.nodes[1]?.condition).toBe("running");
  });

  test("keeps the view of a node that has not changed", async () => {
    const steps = await stepsOf({});
    const pairs = steps.slice(1).map(({ nodes }, position) => ({ nodes, before: steps[position]?.nodes ?? [] }));
    const unchanged = pairs.filter(({ nodes, before }) => nodes.some((node, place) => node === before[place]));
    expect(unchanged.length).toBeGreaterThan(pairs.length / 2);
  });

  test("is not watched while it is made smaller", async () => {
    let steps = 0;
    const script = [{ fault: "crashAll", downMs: { n1: 9, n2: 9, n3: 9 }, atMs: 990 }] as const;
    const options = { seed: 1, durationMs: 1000, recoveryMs: 10, faults: "none", script, ...registers() } as const;
    const failed = (shrinkRuns: number) =>
      simulate({ ...options, shrinkRuns, onStep: () => (steps += 1) }).catch((error: unknown) => error);
    expect(await failed(0)).toBeInstanceOf(SimulationFailure);
    const once = steps;
    expect(await failed(3)).toBeInstanceOf(SimulationFailure);
    expect(steps).toBe(2 * once);
  });
});
