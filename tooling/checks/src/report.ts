// What one package's test run came to, read from the JSON that vitest leaves behind.
// Anything that is not a passed test counts against the run: skipped and empty runs must not look green. The exception
// is a law of a conformance suite that cannot apply to an adapter: it is skipped with its reason, and only reported.

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export interface Result extends Counts {
  /** One text per thing that is wrong, for the reader of the summary. */
  readonly problems: readonly string[];
  /** Tests that do not apply, with their reasons. */
  readonly skips: readonly string[];
}

/** How the conformance suites name a law that does not apply. */
const skippedWithReason = /\(skipped: .{10,}\)$/;

interface Assertion {
  readonly status: string;
  readonly fullName: string;
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly Assertion[];
}

interface VitestReport {
  readonly success: boolean;
  readonly testResults: readonly TestFile[];
}

/** Counts a report's text; `undefined` means that the run left no report. */
export function countReport(packageName: string, text: string | undefined): Result {
  if (text === undefined) return failure(`${packageName}: has a test script but left no report`);
  const report = parseReport(text);
  if (report === undefined) return failure(`${packageName}: its report cannot be read`);

  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === "passed").length;
  const skips = tests.filter(isReasonedSkip).map(({ fullName }) => `${packageName}: ${fullName}`);
  const problems = [
    ...tests
      .filter((each) => each.status !== "passed" && !isReasonedSkip(each))
      .map((test) => `${packageName}: ${test.status}: ${test.fullName}`),
    ...report.testResults
      .filter(isBrokenFile)
      .map((file) => `${packageName}: failed to run: ${file.name} ${file.message ?? ""}`),
  ];
  if (tests.length === 0 && problems.length === 0) problems.push(`${packageName}: ran no test`);
  if (!report.success && problems.length === 0) problems.push(`${packageName}: errors outside of any test`);
  return { passed, failed: problems.length, problems, skips };
}

export function addResults(results: readonly Result[]): Result {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    problems: results.flatMap(({ problems }) => problems),
    skips: results.flatMap(({ skips }) => skips),
  };
}

export function failure(problem: string): Result {
  return { passed: 0, failed: 1, problems: [problem], skips: [] };
}

export function describeCounts({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}

function isReasonedSkip({ status, fullName }: Assertion): boolean {
  return (status === "skipped" || status === "pending") && skippedWithReason.test(fullName);
}

function isBrokenFile(file: TestFile): boolean {
  return (
    file.status !== "passed" && file.assertionResults.every((each) => each.status === "passed" || isReasonedSkip(each))
  );
}

function parseReport(text: string): VitestReport | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isReport = typeof value === "object" && value !== null && "success" in value && "testResults" in value;
    // The two fields that vitest's JSON reporter always writes.
    return isReport && Array.isArray(value.testResults) ? (value as VitestReport) : undefined;
  } catch {
    return undefined;
  }
}
