// Sources import only what their package declares, stay inside their package, and take only types where that is the rule.
import { builtinModules } from "node:module";
import { dirname, join } from "node:path/posix";
import { arrowsOf } from "../arrows.ts";
import { type Package, packageOf, type Repository } from "../repository.ts";
import { type Finding, type Rule } from "../rule.ts";
import { type Import, isSourcePath } from "../source.ts";

export const importArrows: Rule = {
  name: "import-arrows",
  check: (repository) =>
    repository.paths.filter(isSourcePath).flatMap((path) => {
      const owner = packageOf(repository, path);
      if (owner === undefined) return [];
      return repository.source(path).imports.flatMap((each): readonly Finding[] => {
        const message = each.specifier.startsWith(".")
          ? checkRelative(owner, path, each.specifier)
          : checkBare(repository, owner, path, each);
        return message === undefined ? [] : [{ path, line: each.line, message, subject: each.specifier }];
      });
    }),
};

function checkRelative({ folder }: Package, path: string, specifier: string): string | undefined {
  const target = join(dirname(path), specifier);
  const isShared = target.startsWith("tooling/") && (folder.startsWith("tooling/") || isConfiguration(path));
  if (target.startsWith(`${folder}/`) || isShared) return undefined;
  return `${specifier} leaves the package: import the other package by its name`;
}

function checkBare(repository: Repository, owner: Package, path: string, each: Import): string | undefined {
  if (isNodeModule(each.specifier)) return undefined;
  const { folder, manifest } = owner;
  const name = packageName(each.specifier);
  const inSources = path.startsWith(`${folder}/src/`) && !folder.startsWith("tooling/");
  const declared = {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
    ...(inSources ? {} : manifest.devDependencies),
  };
  if (!(name in declared) && (inSources || name !== manifest.name)) {
    return `${name} is not among the ${inSources ? "dependencies" : "dependencies and devDependencies"} of ${folder}`;
  }
  const arrows = arrowsOf(
    folder,
    repository.packages.map((other) => other.manifest.name.replace("@quorate/", "")),
  );
  const mustBeType = arrows?.typesOnly?.some((short) => name === `@quorate/${short}`) === true;
  if (inSources && mustBeType && !each.isTypeOnly) {
    return `${folder} may take only types from ${name}: write "import type" or "export type"`;
  }
  return undefined;
}

export function isNodeModule(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isConfiguration(path: string): boolean {
  return /\/[a-z-]+\.config\.ts$/.test(path);
}
