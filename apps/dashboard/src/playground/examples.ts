// Small runs to begin with, each about one thing.

import type { RunOptions } from "../run/report.ts";

/** A run and what it is about. */
export type Example = { readonly title: string; readonly options: RunOptions };

const calm = { seed: 1, faults: "none", raft: {}, snapshots: false, spares: 0, clients: 2 } as const;

/** Three nodes of seed 1 are led by n3; what goes wrong comes when it leads. */
export const examples: readonly Example[] = [
  { title: "A first election", options: { ...calm, nodes: 3, durationMs: 1000 } },
  {
    title: "The leader crashes",
    options: {
      ...calm,
      nodes: 3,
      durationMs: 3000,
      script: [{ fault: "crash", node: "n3", downMs: 1000, atMs: 1000 }],
    },
  },
  {
    title: "An old leader returns",
    options: {
      ...calm,
      nodes: 3,
      durationMs: 4000,
      script: [{ fault: "isolate", links: ["n1>n3", "n3>n1", "n2>n3", "n3>n2"], forMs: 1500, atMs: 1000 }],
    },
  },
  {
    title: "Too little time to recover",
    options: {
      ...calm,
      nodes: 3,
      durationMs: 2000,
      recoveryMs: 100,
      script: [{ fault: "crash", node: "n3", downMs: 200, atMs: 1950 }],
    },
  },
];
