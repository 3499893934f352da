// Every name that a published package exports has a doc comment where it is declared.
import { dirname, join } from "node:path/posix";
import type { Package, Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";
import type { SourceFile } from "../source.ts";

export const documented: Rule = {
  name: "documented",
  check: (repository) => {
    const missing = repository.packages
      .filter(({ manifest }) => manifest.private !== true)
      .flatMap((each) => entriesOf(repository, each))
      .flatMap((entry) => undocumentedExports(repository, entry));
    return [...new Map(missing.map((finding) => [`${finding.path}:${finding.subject}`, finding])).values()];
  },
};

/** The source files behind a package's `exports`. */
function entriesOf(repository: Repository, { folder, manifest }: Package): readonly string[] {
  const targets = Object.values((manifest["exports"] ?? {}) as Readonly<Record<string, unknown>>);
  return targets
    .map((target) =>
      typeof target === "object" && target !== null && "quorate-source" in target ? target["quorate-source"] : "",
    )
    .filter((target): target is string => typeof target === "string" && target !== "")
    .map((target) => join(folder, target))
    .filter((path) => repository.has(path));
}

function undocumentedExports(repository: Repository, path: string): readonly Finding[] {
  return repository.source(path).module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, importName, exportName, localName }): readonly Finding[] => {
      const from = moduleRequest === null ? path : resolve(repository, path, moduleRequest.value);
      if (from === undefined) return [];
      if (moduleRequest !== null && exportName.name === null) return undocumentedExports(repository, from);
      const name = moduleRequest === null ? localName.name : importName.name;
      return name === null ? [] : undocumentedName(repository, from, name);
    }),
  );
}

/** Follows a name through imports and re-exports to its declaration. */
function undocumentedName(repository: Repository, path: string, name: string): readonly Finding[] {
  const source = repository.source(path);
  const offset = declarationOf(source, name);
  if (offset !== undefined) {
    if (hasDocComment(source, offset)) return [];
    const message = `${name} is public: say in a doc comment what it is, its units and bounds, and what can go wrong`;
    return [{ path, line: source.lineAt(offset), message, subject: name }];
  }
  for (const { entries } of source.module.staticExports) {
    for (const { moduleRequest, importName, exportName } of entries) {
      const isName = exportName.name === name || exportName.name === null;
      const from = moduleRequest === null || !isName ? undefined : resolve(repository, path, moduleRequest.value);
      if (from !== undefined) return undocumentedName(repository, from, importName.name ?? name);
    }
  }
  for (const { moduleRequest, entries } of source.module.staticImports) {
    const entry = entries.find(({ localName }) => localName.value === name);
    const from = entry === undefined ? undefined : resolve(repository, path, moduleRequest.value);
    if (entry !== undefined && from !== undefined)
      return undocumentedName(repository, from, entry.importName.name ?? name);
  }
  return [];
}

/** Where the statement that declares a name begins, first overload first. */
function declarationOf({ program }: SourceFile, name: string): number | undefined {
  const statement = program.body.find((node) => {
    const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
    if (declaration === null) return false;
    if (declaration.type === "VariableDeclaration") {
      return declaration.declarations.some(({ id }) => id.type === "Identifier" && id.name === name);
    }
    return "id" in declaration && declaration.id?.type === "Identifier" && declaration.id.name === name;
  });
  return statement?.start;
}

function hasDocComment({ text, comments }: SourceFile, offset: number): boolean {
  return comments.some(
    ({ type, value, end }) =>
      type === "Block" && value.startsWith("*") && end <= offset && text.slice(end, offset).trim() === "",
  );
}

/** `undefined` for another package's module: its names are documented there. */
function resolve(repository: Repository, from: string, specifier: string): string | undefined {
  const path = join(dirname(from), specifier);
  return specifier.startsWith(".") && repository.has(path) ? path : undefined;
}
