// Runs in a process of its own: simulates clusters whose core is the one given, until a property does not hold.
// Arguments: entry point of the core, first seed, number of seeds. Prints one line of JSON.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { Finding } from "./hunt.ts";

const [entryPoint = "", firstSeed = "1", seeds = "100"] = process.argv.slice(2);
const core = pathToFileURL(entryPoint).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@quorate/core" ? { url: core, shortCircuit: true } : next(specifier, context),
});

const { registers, simulate, SimulationFailure } = await import("../../src/index.ts");

let finding: Finding = { found: false, seeds: Number(seeds) };
for (let tried = 1; tried <= Number(seeds) && !finding.found; tried++) {
  const seed = Number(firstSeed) + tried - 1;
  try {
    await simulate({ seed, nodes: seed % 2 === 0 ? 3 : 5, ...registers() });
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error;
    finding = { found: true, seeds: tried, seed, property: error.property, finding: error.finding };
  }
}
console.log(JSON.stringify(finding));
