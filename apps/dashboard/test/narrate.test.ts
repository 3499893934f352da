// A run as a story: what happened and what came of it, in words that somebody can follow.
import { describe, expect, test } from "vitest";
import { type Action, allFaults, faultKinds, registers, simulate, type SimulationOptions } from "@quorate/simulator";
import { cutsOf, describeAction } from "../src/run/describe-action.ts";
import { isLandmark, isRoutine, narrate } from "../src/run/narrate.ts";
import type { ShownStep } from "../src/run/report.ts";
import { lanesOf } from "../src/view/run-lanes.tsx";
import { ambientFaults, faultGroups } from "../src/view/fault-words.ts";

async function storyOf(options: Partial<SimulationOptions<never, unknown, unknown>>): Promise<readonly ShownStep[]> {
  const steps: ShownStep[] = [];
  await simulate({
    seed: 1,
    faults: "none",
    durationMs: 2000,
    ...options,
    ...registers(),
    onStep: (step) => steps.push(narrate(step, steps.at(-1)?.nodes ?? [])),
  });
  return steps;
}

const textOf = (steps: readonly ShownStep[]): string =>
  steps.flatMap(({ lines }) => lines.map(({ text }) => text)).join("\n");

describe("a story", () => {
  test("tells an election: who asks, who votes, who leads, who follows", async () => {
    const text = textOf(await storyOf({ raft: {} }));
    const [, leader = ""] = /(n\d) becomes leader in term 1/.exec(text) ?? [];
    expect(text).toContain(`${leader} becomes pre-candidate in term 0`);
    expect(text).toContain(`${leader} becomes candidate in term 1`);
    expect(text).toMatch(new RegExp(`${leader} → n\\d: voteRequest in term 1`));
    expect(text).toMatch(new RegExp(`n\\d votes for ${leader} in term 1`));
    expect(text).toMatch(new RegExp(`n\\d → ${leader}: voteResponse in term 1: yes`));
    expect(text).toMatch(new RegExp(`n\\d follows ${leader}`));
  });

  test("tells how an entry is replicated and committed", async () => {
    const text = textOf(await storyOf({}));
    expect(text).toMatch(
      /A client asks n\d: write k\d[^]*has entries up to 2[^]*appendRequest in term 1: entry 2 after 1 of term 1/,
    );
    expect(text).toMatch(/appendResponse in term 1: has everything up to 2[^]*knows entries up to 2 to be committed/);
    expect(text).toMatch(/client \d is answered, state at index 2/);
  });

  test("tells a fault before what it does, and the way back", async () => {
    const script = [{ fault: "crash", node: "n3", downMs: 300, atMs: 1000 }] as const;
    const text = textOf(await storyOf({ script }));
    expect(text).toMatch(/Fault: n3 crashes and is away for up to 300 ms\nn3 goes down\n[^]*n3 starts\n[^]*n3 serves/);
  });

  test("tells of a node that stands still, and of snapshots", async () => {
    const text = textOf(
      await storyOf({
        seed: 8,
        nodes: 5,
        faults: "all",
        durationMs: 10_000,
        snapshots: { everyEntries: 5, retainEntries: 0 },
      }),
    );
    expect(text).toMatch(/n\d stands still[^]*n\d goes on/);
    expect(text).toMatch(/keeps a snapshot instead of entries up to \d+/);
  });

  test("has a line for every step, and says which are heartbeats only and which are worth a stop", async () => {
    const steps = await storyOf({ raft: {} });
    expect(steps.filter(({ lines }) => lines.length === 0)).toEqual([]);
    const kinds = (each: readonly ShownStep[]) => new Set(each.flatMap(({ lines }) => lines.map(({ kind }) => kind)));
    expect(kinds(steps.filter(isRoutine))).toEqual(new Set(["heartbeat"]));
    expect(textOf(steps.filter(isLandmark))).toContain("becomes leader");
    expect(textOf(steps.filter(isLandmark))).not.toContain("appendRequest");
  });
});

describe("lanes", () => {
  test("say when each node followed, campaigned, led and was away, without gaps", async () => {
    const script = [{ fault: "crash", node: "n3", downMs: 300, atMs: 1000 }] as const;
    const steps = await storyOf({ script, raft: {} });
    const lane = lanesOf(steps)[2];
    expect(lane?.bands.map(({ kind }) => kind).slice(0, 5)).toEqual([
      "away",
      "follows",
      "campaigns",
      "campaigns",
      "leads",
    ]);
    expect(lane?.bands.slice(1).map(({ fromMs }) => fromMs)).toEqual(
      lane?.bands.slice(0, -1).map(({ untilMs }) => untilMs),
    );
    expect(lane?.bands.find(({ kind, fromMs }) => kind === "away" && fromMs > 0)?.fromMs).toBe(1000);
  });
});

describe("a fault in words", () => {
  test.each<{ action: Action; words: string }>([
    {
      action: { fault: "partition", links: ["n1>n2", "n2>n1"], forMs: 300 },
      words: "the network splits for 300 ms: n1↔n2 cut",
    },
    { action: { fault: "oneWay", links: ["n1>n2"], forMs: 1.234 }, words: "for 1.2 ms nothing goes over n1→n2" },
    { action: { fault: "flap", links: ["n1>n2"], periodsMs: [1, 2, 3] }, words: "n1→n2 go down and up 2 times" },
    {
      action: { fault: "crashMidTurn", node: "next leader", effects: 3 },
      words: "the next leader crashes after 3 more effects",
    },
    { action: { fault: "crashAll", downMs: { n1: 5, n2: 6 } }, words: "n1, n2 crash at once" },
    { action: { fault: "transfer", node: "n1", to: "n2" }, words: "n1 is asked to hand leadership over to n2" },
    {
      action: { fault: "membership", node: "n1", changes: [{ type: "remove", id: "n2" }], force: false },
      words: "n1 is asked to change the members: remove n2",
    },
    { action: { fault: "bitRot", node: "n1", index: 7 }, words: "a bit changes on the disk of n1, in entry 7" },
  ])("$words", ({ action, words }) => {
    expect(describeAction(action)).toBe(words);
  });

  test("is a choice of the form for every kind that one version of the code can meet", () => {
    const offered = Object.values(faultGroups).flatMap((kinds) => Object.keys(kinds));
    expect(offered.toSorted()).toEqual(faultKinds.filter((kind) => kind !== "upgrade").toSorted());
  });

  test("names what goes wrong all along", () => {
    expect(ambientFaults({ ...allFaults, loss: 0.125 })).toContain("13 % of messages lost");
    expect(ambientFaults(allFaults)).toHaveLength(8);
  });

  test("cuts links only if it says so", () => {
    expect(cutsOf({ fault: "isolate", links: ["n1>n2"], forMs: 5 })?.links).toEqual(["n1>n2"]);
    expect(cutsOf({ fault: "crash", node: "n1", downMs: 5 })).toBeUndefined();
  });
});
