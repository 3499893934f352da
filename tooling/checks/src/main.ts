// The program behind `pnpm test`: build, lint, format, types, coverage, then every package's tests, one after the other.
// Later steps run even when an earlier one failed, and the last line says what it all came to.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addResults, countReport, describeCounts, failure, type Result } from "./report.ts";
import { type Command, run } from "./run.ts";
import { root, type WorkspacePackage, workspacePackages } from "./workspace.ts";

interface Step {
  readonly title: string;
  readonly command: Command;
}

const turbo = (...args: string[]): Command => ({ program: "turbo", args: ["run", ...args, "--continue"] });

const steps: readonly Step[] = [
  { title: "build", command: turbo("build", "--output-logs=errors-only") },
  { title: "lint", command: turbo("lint", "--output-logs=errors-only") },
  { title: "format", command: { program: "biome", args: ["format"] } },
  { title: "typecheck", command: turbo("typecheck", "--output-logs=errors-only") },
  { title: "coverage", command: turbo("test:coverage", "--output-logs=errors-only") },
];
const testStep: Step = { title: "tests", command: turbo("test", "--concurrency=1") };

const packages = workspacePackages().filter(({ manifest }) => manifest.scripts?.["test"] !== undefined);
for (const each of packages) rmSync(reportPath(each), { force: true });

const results: Result[] = [];
for (const step of steps) results.push(await runStep(step));
const testCode = await runStep(testStep);
const reports = addResults(packages.map(readReport));
results.push(reports);
// A failed task whose package nevertheless left a green report: a crash after the last test, for example.
if (testCode.failed > 0 && reports.failed === 0) results.push(testCode);

const total = addResults(results);
writeSummary(total);
for (const skip of total.skips) console.log(`– ${skip}`);
for (const problem of total.problems) console.log(`✗ ${problem}`);
console.log(describeCounts(total));
process.exitCode = total.failed === 0 ? 0 : 1;

async function runStep({ title, command }: Step): Promise<Result> {
  console.log(`\n── ${title}`);
  const code = await run(command);
  if (code === 0) return { passed: 0, failed: 0, problems: [], skips: [] };
  return failure(`${title} failed: ${[command.program, ...command.args].join(" ")} (exit code ${code})`);
}

function reportPath({ folder }: WorkspacePackage): string {
  return join(root, folder, "reports/vitest.json");
}

function readReport(each: WorkspacePackage): Result {
  const path = reportPath(each);
  const result = countReport(each.manifest.name, existsSync(path) ? readFileSync(path, "utf8") : undefined);
  console.log(`${each.folder.padEnd(28)} ${describeCounts(result)}`);
  return result;
}

/** Leaves the counts where the CI script adds them to its own. */
function writeSummary({ passed, failed }: Result): void {
  mkdirSync(join(root, "reports"), { recursive: true });
  writeFileSync(join(root, "reports/summary.json"), `${JSON.stringify({ passed, failed })}\n`);
}
