// Small repositories made of strings, for showing a rule something good and something bad.
import { repositoryOf } from "../src/repository.ts";
import { describeFinding } from "../src/report.ts";
import type { Rule } from "../src/rule.ts";

/** What a rule finds in a repository of these files, one line per finding. */
export function findingsIn(rule: Rule, files: Readonly<Record<string, string>>): readonly string[] {
  return rule.check(repositoryOf(files)).map(describeFinding);
}

export interface ManifestFields {
  readonly dependencies?: readonly string[];
  readonly devDependencies?: readonly string[];
}

/** A manifest with the given dependencies; short names are packages of this workspace. */
export function manifest(name: string, { dependencies = [], devDependencies = [] }: ManifestFields = {}): string {
  const ranges = (names: readonly string[]) => Object.fromEntries(names.map((each) => [each, "workspace:^"]));
  const fields = { dependencies: ranges(dependencies), devDependencies: ranges(devDependencies) };
  return JSON.stringify({ name: `@quorate/${name}`, ...fields }, undefined, 2);
}

export const lines = (count: number): string => "//\n".repeat(count);
