// A state of a run, for tests of how it travels.

import type { Sections } from "../../../src/demo/page/protocol.ts";

/** A calm run of one node. */
export const calm: Sections = {
  run: { title: "1 node", phase: "running", spareNodes: 0, hasKeys: true },
  nodes: [{ id: "n1", url: "http://127.0.0.1:1", condition: "starting" }],
  links: [],
  faults: { lost: 0, doubled: 0, delayed: 0, overtaken: 0, keptAway: 0 },
  lanes: [],
  story: [],
  load: { acknowledged: 0, underWay: 0, perSecond: [], pauses: { count: 0, lastMs: 0, longestMs: 0 } },
  verdict: null,
};

/** The same with so many writes acknowledged. */
export function withAcknowledged(acknowledged: number): Sections {
  return { ...calm, load: { ...calm.load, acknowledged } };
}
