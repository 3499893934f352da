// The program behind `pnpm mutants`: hunts every mutant at both levels and prints the table. Arguments: seeds for each (default
// 2000), part of a name (default all), levels (default node,core). Exit code 1 if one survives.
import type { Level } from "../../src/index.ts";
import { absentAtCore, hunt } from "./hunt.ts";
import { type Mutant, mutants } from "./mutants.ts";

const [seeds = "2000", part = "", names = "node,core"] = process.argv.slice(2);
const levels = (["node", "core"] as const).filter((level) => names.split(",").includes(level));
const chosen = mutants.filter(({ name }) => name.includes(part));
let hunts = 0;
let survivors = 0;

/** Two cells of the table: which property found the mutant, and after how many seeds. */
async function cells(mutant: Mutant, level: Level): Promise<readonly [string, string]> {
  const absence = level === "core" ? absentAtCore(mutant) : undefined;
  if (absence !== undefined) return ["—", absence];
  const finding = await hunt(mutant, { level, seeds: Number(seeds) });
  hunts += 1;
  // A mistake that only breaks the program says nothing about the checkers: it has to be made anew, so that it runs.
  const isBroken = finding.found && finding.property === "unexpected stop" && mutant.isNoticed !== true;
  if (!finding.found || isBroken) survivors += 1;
  return finding.found ? [finding.property, String(finding.seeds)] : ["**nobody**", `> ${finding.seeds}`];
}

const row = (...texts: readonly string[]): string => `| ${texts.join(" | ")} |`;
console.log(row("mutant", ...levels.flatMap((level) => [`found by (${level})`, "after seeds"])));
console.log(row("---", ...levels.flatMap(() => ["---", "---"])));
for (const mutant of chosen) {
  const found: string[] = [];
  for (const level of levels) found.push(...(await cells(mutant, level)));
  console.log(row(mutant.name, ...found));
}
console.log(`\n${hunts - survivors} of ${hunts} hunts found the mutant`);
process.exitCode = survivors === 0 ? 0 : 1;
