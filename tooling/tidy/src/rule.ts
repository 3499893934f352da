// What a house rule is: a name, and a look at the whole repository that returns what is wrong and what to do.
import type { Repository } from "./repository.ts";
import { isSourcePath, type SourceFile } from "./source.ts";

export interface Finding {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** What is wrong and what to do instead. */
  readonly message: string;
  /** The function or name that is meant, where a file can hold several; an allowance may be narrowed to it. */
  readonly subject?: string;
}

export interface Rule {
  readonly name: string;
  readonly check: (repository: Repository) => readonly Finding[];
}

export interface SourceRule {
  readonly name: string;
  /** Which source files the rule is about; all of them if absent. */
  readonly appliesTo?: (path: string) => boolean;
  readonly check: (source: SourceFile) => readonly Finding[];
}

/** A rule that looks at one source file at a time. */
export function sourceRule({ name, appliesTo = () => true, check }: SourceRule): Rule {
  return {
    name,
    check: (repository) =>
      repository.paths
        .filter((path) => isSourcePath(path) && appliesTo(path))
        .flatMap((path) => check(repository.source(path))),
  };
}
