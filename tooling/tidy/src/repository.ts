// The repository as the rules see it: paths and texts. Rules' tests make small ones out of strings.
import type { Manifest } from "../../checks/src/workspace.ts";
import { parseSource, type SourceFile } from "./source.ts";

export interface Package {
  /** Relative to the root: `packages/core`. */
  readonly folder: string;
  readonly manifest: Manifest & Readonly<Record<string, unknown>>;
  /** Line of a text inside the manifest, for findings. */
  readonly lineOf: (text: string) => number;
}

export interface Repository {
  /** Sorted, relative to the root, with forward slashes. */
  readonly paths: readonly string[];
  readonly packages: readonly Package[];
  readonly has: (path: string) => boolean;
  readonly text: (path: string) => string;
  readonly source: (path: string) => SourceFile;
}

/** A repository of the given texts by path. */
export function repositoryOf(texts: Readonly<Record<string, string>>): Repository {
  const parsed = new Map<string, SourceFile>();
  const text = (path: string): string => {
    const found = texts[path];
    if (found === undefined) throw new Error(`no file ${path}`);
    return found;
  };
  const source = (path: string): SourceFile => {
    const known = parsed.get(path) ?? parseSource(path, text(path));
    parsed.set(path, known);
    return known;
  };
  const paths = Object.keys(texts).toSorted();
  return { paths, packages: findPackages(texts), has: (path) => path in texts, text, source };
}

/** The package that a file belongs to, if it is inside one. */
export function packageOf(repository: Repository, path: string): Package | undefined {
  return repository.packages.find(({ folder }) => path.startsWith(`${folder}/`));
}

/** A package's files, relative to the package's folder. */
export function filesOf(repository: Repository, { folder }: Package): readonly string[] {
  return repository.paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
}

function findPackages(texts: Readonly<Record<string, string>>): readonly Package[] {
  return Object.entries(texts)
    .filter(([path]) => /^((packages|apps|tooling)\/[^/]+|examples)\/package\.json$/.test(path))
    .map(([path, text]) => ({
      folder: path.slice(0, -"/package.json".length),
      // A manifest of this workspace; pnpm has validated it at install.
      manifest: JSON.parse(text) as Package["manifest"],
      lineOf: (part) => text.slice(0, Math.max(0, text.indexOf(part))).split("\n").length,
    }));
}
