// The program behind `pnpm bench [NAME...] [--json FILE]`. Exit codes: 0 measured, 2 usage.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { allBenchmarks } from "./all-benchmarks.ts";
import { measure } from "./measure.ts";
import { select } from "./select.ts";
import { describeResults } from "./table.ts";

const usage = `usage: bench [NAME...] [--json FILE] [--runs N] [--sample-ms MS]
names: ${allBenchmarks.map(({ name }) => name).join(", ")}`;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readArguments();
  if (typeof options === "string") return refuse(options);
  const selection = select(allBenchmarks, options.names);
  if (selection.type === "unknown") return refuse(`unknown benchmark: ${selection.names.join(", ")}`);
  const results = await measure(selection.benchmarks, options);
  console.log(describeResults(results));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  return 0;
}

interface Options {
  readonly names: readonly string[];
  readonly json: string | undefined;
  readonly runs: number;
  readonly sampleMs: number;
}

/** The options, or what is wrong with them. */
function readArguments(): Options | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "string" },
        runs: { type: "string", default: "7" },
        "sample-ms": { type: "string", default: "300" },
      },
    });
    const runs = Number(values.runs);
    const sampleMs = Number(values["sample-ms"]);
    if (!Number.isInteger(runs) || runs < 1) return "--runs must be a whole number of at least 1";
    if (!(sampleMs > 0)) return "--sample-ms must be a number above 0";
    return { names: positionals, json: values.json, runs, sampleMs };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refuse(reason: string): number {
  console.error(`${reason}\n${usage}`);
  return 2;
}
