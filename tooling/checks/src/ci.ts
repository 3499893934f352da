// The last line of a CI run: the tests' own counts plus one check for each further command.
// Usage: node ci.ts TEST_EXIT_CODE NAME=EXIT_CODE...
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { combine } from "./ci-counts.ts";
import { describeCounts } from "./report.ts";
import { root } from "./workspace.ts";

const [testCode, ...checks] = process.argv.slice(2);
const path = join(root, "reports/summary.json");
const total = combine({
  testCode,
  summary: existsSync(path) ? readFileSync(path, "utf8") : undefined,
  checks,
});
for (const problem of total.problems) console.log(`✗ ${problem}`);
console.log(describeCounts(total));
process.exitCode = total.failed === 0 ? 0 : 1;
