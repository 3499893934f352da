// The desired network: what changes what, and that nodes always get all of it.
import { faultyNetwork } from "@quorate/memory";
import { systemClock } from "@quorate/node";
import { describe, expect, test } from "vitest";
import { obey } from "../../src/demo/network.ts";
import { type LinkSettings, NetworkPlan } from "../../src/demo/network-plan.ts";

const nodes = ["n1", "n2", "n3", "n4", "n5"];
const lossy: LinkSettings = {
  cut: false,
  lossPercent: 25,
  duplicatePercent: 0,
  reorderPercent: 0,
  delayMs: [5, 20],
};

const cutsIn = (plan: NetworkPlan) => plan.links.filter(({ cut }) => cut).map(({ from, to }) => `${from}>${to}`);

describe("the plan of the network", () => {
  test("knows both directions between any two nodes, and orders nothing where all are whole", () => {
    const plan = new NetworkPlan(nodes, "good");
    expect(plan.links).toHaveLength(20);
    expect(plan.order()).toEqual({ type: "network", links: [] });
  });

  test("changes one direction alone", () => {
    const plan = new NetworkPlan(nodes, "good");
    plan.set([{ from: "n1", to: "n2" }], lossy);
    expect(plan.order().links).toEqual([
      {
        from: "n1",
        to: "n2",
        cut: false,
        faults: { drop: 0.25, duplicate: 0, reorder: 0, delayMs: [5, 20] },
      },
    ]);
  });

  test("cuts a group off in both directions, in place of an earlier partition", () => {
    const plan = new NetworkPlan(nodes, "good");
    plan.partition(["n1", "n2"]);
    plan.partition(["n3"]);
    expect(cutsIn(plan)).toEqual(["n1>n3", "n2>n3", "n3>n1", "n3>n2", "n3>n4", "n3>n5", "n4>n3", "n5>n3"]);
    expect(plan.isCutOff("n3")).toBe(true);
    expect(plan.isCutOff("n1")).toBe(false);
    expect(plan.companionsOf("n1")).toEqual(["n1", "n2", "n4", "n5"]);
  });

  test("counts as companions only those that hear and are heard", () => {
    const plan = new NetworkPlan(["n1", "n2"], "good");
    plan.set([{ from: "n1", to: "n2" }], { ...lossy, cut: true });
    expect(plan.companionsOf("n1")).toEqual(["n1"]);
    expect(plan.isCutOff("n2")).toBe(true);
  });

  test("counts no node as a companion that loses every message", () => {
    const plan = new NetworkPlan(["n1", "n2"], "good");
    plan.set([{ from: "n1", to: "n2" }], { ...lossy, lossPercent: 100 });
    expect(plan.isCutOff("n1")).toBe(true);
  });

  test("of one node cuts nothing off", () => {
    expect(new NetworkPlan(["n1"], "bad").isCutOff("n1")).toBe(false);
  });

  test("ends cuts without touching faults, and faults without touching cuts", () => {
    const plan = new NetworkPlan(nodes, "good");
    plan.partition(["n1"]);
    plan.setQuality("bad");
    expect(plan.hasCuts).toBe(true);
    plan.heal();
    expect(plan.hasCuts).toBe(false);
    expect(plan.links.every(({ lossPercent }) => lossPercent === 10)).toBe(true);
    plan.setQuality("good");
    expect(plan.order().links).toEqual([]);
  });

  test("goes back to what the network was told to be, whatever was done to single links", () => {
    const plan = new NetworkPlan(nodes, "bad");
    const before = plan.order();
    plan.set([{ from: "n1", to: "n2" }], { ...lossy, cut: true });
    plan.reset();
    expect(plan.order()).toEqual(before);
  });
});

describe("a node that is told", () => {
  const makeNetwork = () => faultyNetwork({ clock: systemClock });

  test("has only the latest network, not what was in force before", () => {
    const calls: string[] = [];
    const network = makeNetwork();
    const noted = {
      ...network,
      heal: () => calls.push("heal"),
      set: ({ from, to }: { readonly from?: string; readonly to?: string }) => calls.push(`set ${from}>${to}`),
      cut: ({ from, to }: { readonly from?: string; readonly to?: string }) => calls.push(`cut ${from}>${to}`),
    };
    const plan = new NetworkPlan(["n1", "n2"], "good");
    plan.set([{ from: "n1", to: "n2" }], { ...lossy, cut: true });
    plan.set([{ from: "n2", to: "n1" }], lossy);
    obey(noted, plan.order());
    expect(calls).toEqual(["heal", "set n1>n2", "cut n1>n2", "set n2>n1"]);
  });

  test("answers with what its faults have done, and changes nothing when only asked for that", () => {
    const network = makeNetwork();
    const none = { dropped: 0, duplicated: 0, delayed: 0, reordered: 0, cut: 0, overflowed: 0 };
    expect(obey({ ...network, heal: () => expect.fail("it healed") }, { type: "count" })).toEqual(none);
  });

  test.each([
    ["nothing", undefined],
    ["another type", { type: "flood" }],
    ["an unknown member", { type: "count", more: true }],
    ["a chance above 1", { type: "network", links: [linkWith({ drop: 1.5 })] }],
    ["a negative delay", { type: "network", links: [linkWith({ delayMs: [-1, 2] })] }],
    ["a link without an end", { type: "network", links: [{ ...linkWith({}), to: undefined }] }],
  ])("refuses %s", (_what, message) => {
    expect(() => obey(makeNetwork(), message)).toThrow("Invalid");
  });
});

function linkWith(faults: object): object {
  return {
    from: "n1",
    to: "n2",
    cut: false,
    faults: { drop: 0, duplicate: 0, reorder: 0, delayMs: [0, 0], ...faults },
  };
}
