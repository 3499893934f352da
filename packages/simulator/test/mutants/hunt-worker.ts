// Runs in a process of its own: simulates clusters in which some packages are replaced by those of a folder, until a property
// does not hold. Arguments: folder, names of the packages, level, workload, faults, first seed, number of seeds. Prints a line
// of JSON.
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Simulator from "../../src/index.ts";
import type { Finding } from "./hunt.ts";

const [folder = "", packages = "", chosenLevel = "", workload = "registers", chosen = "", ...range] =
  process.argv.slice(2);
const [firstSeed = "1", seeds = "100"] = range;
// Written by `hunt`.
const level = chosenLevel as Simulator.Level;
const faults = JSON.parse(chosen) as Simulator.FaultChoice;
const names = packages.split(",").filter((name) => name !== "");
const copies = pathToFileURL(folder).href;

registerHooks({
  resolve: (specifier, context, next) => {
    const [, name = "", path = ""] = /^@quorate\/([a-z-]+)\/?(.*)$/.exec(specifier) ?? [];
    if (names.includes(name)) {
      return { url: pathToFileURL(join(folder, name, path, "index.ts")).href, shortCircuit: true };
    }
    // A copy finds what it imports where this file finds it.
    const isInCopy = name !== "" && context.parentURL?.startsWith(copies) === true;
    return next(specifier, isInCopy ? { ...context, parentURL: import.meta.url } : context);
  },
});

const simulator = names.includes("simulator")
  ? pathToFileURL(join(folder, "simulator/index.ts")).href
  : "../../src/index.ts";
// The copy has the same types as the package itself.
const { registers, simulate } = (await import(simulator)) as typeof Simulator;
const { sessionCounter } = await import("../support/session-counter.ts");

async function run(seed: number): Promise<void> {
  const nodes = seed % 2 === 0 ? 3 : 5;
  const options = { seed, level, nodes, faults, shrinkRuns: 0 };
  // Every second seed with sessions that expire while their clients repeat a command.
  const sessions = sessionCounter(seed % 2 === 0 ? { expireAfterEntries: 8 } : {});
  if (workload === "sessions") await simulate({ ...options, thinkMs: 50, ...sessions });
  else await simulate({ ...options, ...registers() });
}

let finding: Finding = { found: false, seeds: Number(seeds) };
for (let tried = 1; tried <= Number(seeds) && !finding.found; tried++) {
  const seed = Number(firstSeed) + tried - 1;
  try {
    await run(seed);
  } catch (error) {
    if (!isFailure(error)) throw error;
    finding = { found: true, seeds: tried, seed, property: error.property, finding: error.finding };
  }
}
console.log(JSON.stringify(finding));

function isFailure(error: unknown): error is { readonly property: string; readonly finding: string } {
  return error instanceof Error && "property" in error && "finding" in error;
}
