// Built files import nothing that their package does not declare: a test run inside the workspace would not notice.
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { parseSource } from "../../tidy/src/source.ts";
import type { Packed } from "./pack.ts";

export function importProblems({ unpacked, files, manifest }: Packed): readonly string[] {
  const declared = [
    manifest.name,
    ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }),
  ];
  return files
    .filter((file) => /^dist\/.*\.([cm]?js|d\.[cm]?ts)$/.test(file))
    .flatMap((file) => undeclaredImports(file, readFileSync(join(unpacked, file), "utf8"), declared));
}

export function undeclaredImports(file: string, text: string, declared: readonly string[]): readonly string[] {
  return parseSource(file, text)
    .imports.filter(({ specifier }) => !isDeclared(specifier, declared))
    .map(({ specifier, line }) => `${file}:${line} imports ${specifier}, which is not among the dependencies`);
}

function isDeclared(specifier: string, declared: readonly string[]): boolean {
  const isOwn = specifier.startsWith(".") || specifier.startsWith("node:") || builtinModules.includes(specifier);
  return isOwn || declared.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}
