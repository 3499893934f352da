// Can somebody else write an adapter and prove it? An empty project installs the packed contracts and nothing else, and runs
// the suite on a storage of its own under Node's test runner: a correct one must pass, and each mistake must be named.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "./outcome.ts";
import type { Packed } from "./pack.ts";
import { type Ended, problemsOf, runCaptured } from "./run-captured.ts";

const sources: string = join(import.meta.dirname, "../third-party");
const needed = ["@quorate/contracts", "@quorate/core"];
const suiteDeadlineMs = 180_000;

/** A mistake of the example, and what a run with it must say: the law that it breaks, and how. */
export interface ExpectedFailure {
  readonly mistake: string;
  readonly law: string;
  readonly says: RegExp;
}

const expectedFailures: readonly ExpectedFailure[] = [
  {
    mistake: "loses the hard state",
    law: "term and vote are found again, and the latest wins",
    says: /hard state\.(term|votedFor): got .*, expected /,
  },
  {
    mistake: "acknowledges before storing",
    law: "a crash at any moment leaves everything that was acknowledged, and no call in part",
    says: /A crash after "[^"]+" was acknowledged .*left something else/,
  },
];

export async function checkThirdParty(packed: readonly Packed[], folder: string): Promise<readonly Outcome[]> {
  const outcome = (check: string, problems: readonly string[]): Outcome => ({
    packageName: "third-party adapter",
    check,
    problems,
  });
  writeProject(packed, folder);
  const args = ["install", "--no-frozen-lockfile", "--prefer-offline"];
  const install = await runCaptured({ program: "pnpm", args, cwd: folder, deadlineMs: 120_000 });
  if (install.exitCode !== 0) return [outcome("install", problemsOf(install))];
  const outcomes = [outcome("install", []), outcome("correct", problemsOf(await runSuite(folder, "none")))];
  for (const expected of expectedFailures) {
    const ended = await runSuite(folder, expected.mistake);
    outcomes.push(outcome(expected.mistake, failureProblems(expected, ended)));
  }
  return outcomes;
}

function writeProject(packed: readonly Packed[], folder: string): void {
  const tarballs = packed
    .filter(({ name }) => needed.includes(name))
    .map(({ name, tarball }) => [name, `file:${tarball}`] as const);
  const overrides = tarballs.map(([name, from]) => `  "${name}": "${from}"`);
  const dependencies = Object.fromEntries(tarballs.filter(([name]) => name === "@quorate/contracts"));
  const manifest = { name: "third-party", private: true, type: "module", dependencies };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  writeFileSync(join(folder, "pnpm-workspace.yaml"), ["overrides:", ...overrides, ""].join("\n"));
  cpSync(sources, folder, { recursive: true });
}

function runSuite(folder: string, mistake: string): Promise<Ended> {
  const settings = [`DIARY_MISTAKE=${mistake}`, `DIARY_FOLDER=${folder}`, "NODE_NO_WARNINGS=1"];
  const args = [...settings, process.execPath, "--test", "--test-reporter=tap", "diary-suite.ts"];
  return runCaptured({ program: "env", args, cwd: folder, deadlineMs: suiteDeadlineMs });
}

/** What is wrong with a run that had to fail: that it did not, or that its report would not help anybody. */
export function failureProblems(expected: ExpectedFailure, { exitCode, output }: Ended): readonly string[] {
  const { mistake, law, says } = expected;
  if (exitCode === 0) return [`a storage that ${mistake} passed the suite`];
  if (exitCode === undefined) return [`the suite did not end by itself:\n${output.slice(-2000)}`];
  const failed = new RegExp(`^ *not ok \\d+ - ${law.replaceAll(/[^\w ,]/g, "\\$&")}$`, "m");
  return [
    ...(failed.test(output) ? [] : [`the law "${law}" did not fail`]),
    ...(says.test(output) ? [] : [`no failure says ${String(says)}`]),
  ];
}
