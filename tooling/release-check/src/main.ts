// The program behind `pnpm release-check`: packs every published package and tries the packed files as a user would.
// Prints a table, what is wrong, and the counts as its last line.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeCounts } from "../../checks/src/report.ts";
import { run } from "../../checks/src/run.ts";
import { publishedPackages } from "../../checks/src/workspace.ts";
import { checkAsConsumer } from "./consumer.ts";
import { fileProblems, linkProblems, manifestProblems } from "./contents.ts";
import { importProblems } from "./imports.ts";
import { describeOutcomes, type Outcome } from "./outcome.ts";
import { pack, type Packed } from "./pack.ts";
import { checkThirdParty } from "./third-party.ts";
import { publintProblems, typesProblems } from "./published-shape.ts";

const buildArgs = ["run", "build", "--output-logs=errors-only"];
const buildCode = await run({ program: "turbo", args: buildArgs, quiet: true });
const outcomes = buildCode === 0 ? await inTemporaryFolder(checkAll) : [buildFailure(buildCode)];

const failed = outcomes.filter(({ problems }) => problems.length > 0).length;
console.log(describeOutcomes(outcomes));
console.log(`\n${describeCounts({ passed: outcomes.length - failed, failed })}`);
process.exitCode = failed === 0 && outcomes.length > 0 ? 0 : 1;

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "quorate-release-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function buildFailure(exitCode: number): Outcome {
  return { packageName: "workspace", check: "build", problems: [`turbo ended with exit code ${exitCode}`] };
}

async function checkAll(folder: string): Promise<readonly Outcome[]> {
  const found: Outcome[] = [];
  const packed: Packed[] = [];
  for (const each of publishedPackages()) packed.push(await pack(each, folder));
  for (const each of packed) found.push(...(await checkPacked(each)));
  const consumer = join(folder, "consumer");
  mkdirSync(consumer);
  const asConsumer = await checkAsConsumer(packed, consumer);
  return [...found, ...asConsumer, ...(await checkThirdParty(packed, join(folder, "third-party")))];
}

async function checkPacked(each: Packed): Promise<readonly Outcome[]> {
  const outcome = (check: string, problems: readonly string[]): Outcome => ({
    packageName: each.name,
    check,
    problems,
  });
  return [
    outcome("files", fileProblems(each.files)),
    outcome("links", linkProblems(readFileSync(join(each.unpacked, "README.md"), "utf8"), each.files)),
    outcome("manifest", manifestProblems(each.manifest)),
    outcome("imports", importProblems(each)),
    outcome("publint", await publintProblems(each)),
    outcome("types", await typesProblems(each)),
  ];
}
