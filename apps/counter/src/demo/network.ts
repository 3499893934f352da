// What the demo says to its nodes about the network between them, and what they answer, over the channel between parent
// and child process. Only the demo's own nodes listen to it.

import type { FaultCounts, FaultyNetwork } from "@quorate/memory";
import * as v from "valibot";

/** How good the network is: `bad` loses, doubles, delays and reorders messages. */
export const networkQualities = ["good", "bad"] as const;

/** How good the network is. */
export type NetworkQuality = (typeof networkQualities)[number];

/** What the network is like from now on. */
export type NetworkOrder = {
  readonly quality: NetworkQuality;
  /** Nodes of different groups do not hear each other. */
  readonly groups: readonly (readonly string[])[];
};

/** Bad enough that every kind of fault happens many times a second, good enough that a leader can stay one. */
const badLinks = { drop: 0.1, duplicate: 0.1, delayMs: [0, 10], reorder: 0.1 } as const;

const orderSchema = v.strictObject({
  quality: v.picklist(networkQualities),
  groups: v.array(v.array(v.string())),
});
const count = v.pipe(v.number(), v.integer());
const answerSchema = v.strictObject({
  dropped: count,
  duplicated: count,
  delayed: count,
  reordered: count,
  cut: count,
  overflowed: count,
});

/** In a node: makes the network what the demo wants. Throws if `message` is no order. */
export function obey(network: FaultyNetwork, message: unknown): FaultCounts {
  const { quality, groups } = v.parse(orderSchema, message);
  network.heal();
  if (quality === "bad") network.set({}, badLinks);
  network.partition(...groups);
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
