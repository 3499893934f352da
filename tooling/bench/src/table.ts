// The results as a table for people.
import type { Result } from "./benchmark.ts";

export function describeResults(results: readonly Result[]): string {
  const rows = [
    ["benchmark", "median", "min", "max", "unit", "ratio"],
    ...results.map(({ name, unit, median, min, max, ratio, ratio_to }) => [
      name,
      grouped(median),
      grouped(min),
      grouped(max),
      unit,
      ratio === undefined ? "" : `${ratio} × ${ratio_to}`,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => align(cell, column, widths))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Numbers to the right, words to the left. */
function align(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column >= 1 && column <= 3 ? cell.padStart(width) : cell.padEnd(width);
}

function grouped(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
