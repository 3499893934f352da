// What the demo says to its nodes about the network between them, and what they answer, over the channel between parent
// and child process. Only the demo's own nodes listen to it.

import type { FaultCounts, FaultyNetwork, LinkFaults } from "@quorate/memory";
import * as v from "valibot";

/** What the network is like from now on; directions that are left out are whole. */
export type NetworkOrder = {
  readonly type: "network";
  readonly links: readonly {
    readonly from: string;
    readonly to: string;
    readonly cut: boolean;
    readonly faults: Required<LinkFaults>;
  }[];
};

/** What a node can be told: how its network is, or only to say what its faults have done. */
export type NetworkRequest = NetworkOrder | { readonly type: "count" };

const chance = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const milliseconds = v.pipe(v.number(), v.minValue(0));
const linkSchema = v.strictObject({
  from: v.string(),
  to: v.string(),
  cut: v.boolean(),
  faults: v.strictObject({
    drop: chance,
    duplicate: chance,
    reorder: chance,
    delayMs: v.tuple([milliseconds, milliseconds]),
  }),
});
const requestSchema: v.GenericSchema<unknown, NetworkRequest> = v.variant("type", [
  v.strictObject({ type: v.literal("network"), links: v.array(linkSchema) }),
  v.strictObject({ type: v.literal("count") }),
]);

const count = v.pipe(v.number(), v.integer());
const answerSchema = v.strictObject({
  dropped: count,
  duplicated: count,
  delayed: count,
  reordered: count,
  cut: count,
  overflowed: count,
});

/** In a node: makes the network what the demo wants. Throws if `message` is no request. */
export function obey(network: FaultyNetwork, message: unknown): FaultCounts {
  const request = v.parse(requestSchema, message);
  if (request.type === "network") {
    network.heal();
    for (const { from, to, cut, faults } of request.links) {
      network.set({ from, to }, faults);
      if (cut) network.cut({ from, to });
    }
  }
  return network.counts;
}

/** In the demo: what a node answered. Throws if that is no answer. */
export function parseAnswer(message: unknown): FaultCounts {
  return v.parse(answerSchema, message);
}

/** The faults of all nodes together. */
export function sumOf(counts: readonly FaultCounts[]): FaultCounts {
  const total = (name: keyof FaultCounts): number => counts.reduce((sum, one) => sum + one[name], 0);
  return {
    dropped: total("dropped"),
    duplicated: total("duplicated"),
    delayed: total("delayed"),
    reordered: total("reordered"),
    cut: total("cut"),
    overflowed: total("overflowed"),
  };
}
