// What one check of one package came to. No problems means that it passed.

export interface Outcome {
  readonly packageName: string;
  /** The column of the table: `files`, `types`, `runs`. */
  readonly check: string;
  /** Each text says what is wrong; none means passed. */
  readonly problems: readonly string[];
}

/** The table of all outcomes: a row per package, a column per check, and the problems below. */
export function describeOutcomes(outcomes: readonly Outcome[]): string {
  const packages = unique(outcomes.map(({ packageName }) => packageName));
  const checks = unique(outcomes.map(({ check }) => check));
  const cell = (packageName: string, check: string): string => {
    const found = outcomes.find((each) => each.packageName === packageName && each.check === check);
    if (found === undefined) return "-";
    return found.problems.length === 0 ? "ok" : "FAILED";
  };
  const rows = [["package", ...checks], ...packages.map((name) => [name, ...checks.map((check) => cell(name, check))])];
  const problems = outcomes.flatMap(({ packageName, check, problems: texts }) =>
    texts.map((text) => `✗ ${packageName}, ${check}: ${text}`),
  );
  return [...alignColumns(rows), "", ...problems].join("\n").trimEnd();
}

function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
