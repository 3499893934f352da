// How a CI run's exit codes and the test summary add up; trusts neither alone.
import { addResults, failure, type Result } from "./report.ts";

export interface CiRun {
  /** Exit code of the test command, as text from the command line. */
  readonly testCode: string | undefined;
  /** Text of the summary that the test command wrote, if it wrote one. */
  readonly summary: string | undefined;
  /** `NAME=EXIT_CODE` of each further command. */
  readonly checks: readonly string[];
}

export function combine({ testCode, summary, checks }: CiRun): Result {
  return addResults([testResult(testCode, summary), ...checks.map(checkResult)]);
}

function testResult(testCode: string | undefined, summary: string | undefined): Result {
  const counts = summary === undefined ? undefined : parseCounts(summary);
  if (counts === undefined) return failure("the tests left no summary");
  const problems: string[] = [];
  if (counts.failed > 0) problems.push(`tests: ${counts.failed} failed`);
  if (counts.failed === 0 && testCode !== "0") problems.push(`the test command ended with exit code ${testCode}`);
  if (counts.passed === 0) problems.push("no test passed");
  return { passed: counts.passed, failed: Math.max(counts.failed, problems.length), problems, skips: [] };
}

function checkResult(check: string): Result {
  const [name, code] = check.split("=");
  return code === "0"
    ? { passed: 1, failed: 0, problems: [], skips: [] }
    : failure(`${name} ended with exit code ${code}`);
}

function parseCounts(text: string): { passed: number; failed: number } | undefined {
  try {
    const { passed, failed } = JSON.parse(text) as Record<string, unknown>;
    return Number.isInteger(passed) && Number.isInteger(failed)
      ? { passed: Number(passed), failed: Number(failed) }
      : undefined;
  } catch {
    return undefined;
  }
}
