// Looks for a mutant: how many seeds until the simulator notices, and which property tells.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Level } from "../../src/index.ts";
import type { Mutant } from "./mutants.ts";
import { writeMutant } from "./mutate.ts";

/** What a hunt has brought. */
export type Finding =
  | {
      readonly found: true;
      /** Seeds tried, the last one included. */
      readonly seeds: number;
      readonly seed: number;
      readonly property: string;
      readonly finding: string;
    }
  | { readonly found: false; readonly seeds: number };

/** Why a mistake cannot show at the core level; undefined if it can. */
export function absentAtCore({ edits }: Pick<Mutant, "edits">): string | undefined {
  if (edits.some((edit) => edit.package === "node")) return "in the driver";
  return edits.some((edit) => edit.package === "simulator") ? "in the driver's store" : undefined;
}

const worker = fileURLToPath(new URL("./hunt-worker.ts", import.meta.url));
const run = promisify(execFile);

type Range = { readonly level: Level; readonly firstSeed?: number; readonly seeds: number };

/**
 * Simulates clusters with this mistake until a property does not hold. A node that only stops says nothing about the checkers, so
 * the hunt goes on behind that seed, for a law that the mistake breaks.
 */
export async function hunt(mutant: Mutant, range: Range): Promise<Finding> {
  const finding = await huntAnything(mutant, range);
  if (!finding.found || finding.property !== "unexpected stop" || mutant.isNoticed === true) return finding;
  const seeds = range.seeds - finding.seeds;
  const later = seeds > 0 ? await hunt(mutant, { ...range, firstSeed: finding.seed + 1, seeds }) : finding;
  return later.found && later.property !== "unexpected stop"
    ? { ...later, seeds: finding.seeds + later.seeds }
    : finding;
}

async function huntAnything(mutant: Mutant, { level, firstSeed = 1, seeds }: Range): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), "quorate-mutant-"));
  try {
    const packages = writeMutant(mutant, folder);
    const { stdout } = await run(process.execPath, [
      "--conditions=quorate-source",
      worker,
      folder,
      packages.join(),
      level,
      mutant.workload ?? "registers",
      JSON.stringify(mutant.faults ?? "swarm"),
      String(firstSeed),
      String(seeds),
    ]);
    return JSON.parse(stdout) as Finding;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
