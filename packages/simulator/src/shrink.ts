// Makes a failed run smaller: fewer misfortunes, fewer kinds of them, fewer clients, as long as the same property fails. What is
// left is what the failure needs.

import type { FaultKind, FaultOptions } from "./faults/fault-options.ts";
import type { TimedAction } from "./faults/action.ts";
import { noFaults } from "./faults/fault-options.ts";
import type { Settings } from "./options.ts";

/** The faults that are not events and so not in the script. */
const ambientFaults: readonly FaultKind[] = [
  "loss",
  "duplicate",
  "replay",
  "delay",
  "clockDrift",
  "slowLoop",
  "slowFlush",
  "lateReport",
];

/** Runs smaller and smaller settings, at most `maxRuns` of them, and returns the smallest that still fail. */
export async function shrink(
  failed: Settings & { readonly script: readonly TimedAction[] },
  options: {
    /** Whether a run with these settings fails in the same way. */
    readonly fails: (settings: Settings) => Promise<boolean>;
    readonly maxRuns: number;
  },
): Promise<Settings> {
  const shrinking = new Shrinking({ ...failed, faults: ambient(failed.faults) }, options);
  return (await shrinking.confirm()) ? shrinking.run() : failed;
}

/** The strengths that still mean something when a script says what happens. */
function ambient(faults: FaultOptions): FaultOptions {
  return { ...noFaults, ...Object.fromEntries(ambientFaults.map((kind) => [kind, faults[kind]])) };
}

class Shrinking {
  #best: Settings;
  #runsLeft: number;
  readonly #fails: (settings: Settings) => Promise<boolean>;

  constructor(first: Settings, options: { fails: (settings: Settings) => Promise<boolean>; maxRuns: number }) {
    this.#best = first;
    this.#runsLeft = options.maxRuns;
    this.#fails = options.fails;
  }

  /** A script says what chance did, so it has to fail alike before anything is taken away. */
  confirm(): Promise<boolean> {
    return this.#try({});
  }

  async run(): Promise<Settings> {
    await this.#try({ script: [] });
    await this.#try({ faults: noFaults });
    await this.#shortenScript();
    for (const kind of ambientFaults) {
      if (this.#best.faults[kind] > 0) await this.#try({ faults: { ...this.#best.faults, [kind]: 0 } });
    }
    for (const clients of [0, 1, 2]) if (clients < this.#best.clients && (await this.#try({ clients }))) break;
    if (this.#best.snapshots !== false) await this.#try({ snapshots: false });
    await this.#shortenScript();
    return this.#best;
  }

  /** Leaves out a half of the script, then quarters, down to single actions. */
  async #shortenScript(): Promise<void> {
    for (let size = Math.ceil(this.#script.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < this.#script.length; ) {
        const script = this.#script.toSpliced(from, size);
        if (!(await this.#try({ script }))) from += size;
      }
    }
  }

  get #script(): readonly TimedAction[] {
    return this.#best.script ?? [];
  }

  async #try(change: Partial<Settings>): Promise<boolean> {
    if (this.#runsLeft <= 0) return false;
    this.#runsLeft -= 1;
    const candidate = { ...this.#best, ...change };
    const isSmaller = await this.#fails(candidate);
    if (isSmaller) this.#best = candidate;
    return isSmaller;
  }
}
