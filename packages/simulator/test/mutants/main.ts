// The program behind `pnpm mutants`: hunts every mutant and prints the table. Arguments: seeds for each (default 2000), part
// of a name (default all). Exit code 1 if one survives.
import { hunt } from "./hunt.ts";
import { mutants } from "./mutants.ts";

const [seeds = "2000", part = ""] = process.argv.slice(2);
const chosen = mutants.filter(({ name }) => name.includes(part));
let survivors = 0;
console.log("| mutant | found by | after seeds |\n| --- | --- | --- |");
for (const mutant of chosen) {
  const finding = await hunt(mutant, { seeds: Number(seeds) });
  // A mistake that only breaks the program says nothing about the checkers: it has to be made anew, so that it runs.
  const isBroken = finding.found && finding.property === "unexpected stop" && mutant.isNoticed !== true;
  if (!finding.found || isBroken) survivors += 1;
  const [property, tried] = finding.found ? [finding.property, finding.seeds] : ["**nobody**", `> ${finding.seeds}`];
  console.log(`| ${mutant.name} | ${property} | ${tried} |`);
}
console.log(`\n${chosen.length - survivors} of ${chosen.length} found`);
process.exitCode = survivors === 0 ? 0 : 1;
