// A declared dependency is one that is imported: users download the others for nothing, and readers wonder.
import { filesOf, type Package, type Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";
import { isSourcePath } from "../source.ts";

/** Used without an import: the compiler reads types, and configurations shared between packages start the test runner. */
const neverImported = /^(@types\/.+|vitest)$/;

export const usedDependencies: Rule = {
  name: "used-dependencies",
  check: (repository) => repository.packages.flatMap((each) => checkPackage(repository, each)),
};

function checkPackage(repository: Repository, each: Package): readonly Finding[] {
  const { folder, manifest } = each;
  const files = filesOf(repository, each).filter(isSourcePath);
  const importedBy = (paths: readonly string[]): readonly string[] =>
    paths.flatMap((path) => repository.source(`${folder}/${path}`).imports.map(({ specifier }) => specifier));
  const inSources = importedBy(files.filter((path) => path.startsWith("src/")));
  const anywhere = importedBy(files);
  const finding = (name: string, where: string): Finding => ({
    path: `${folder}/package.json`,
    line: each.lineOf(`"${name}":`),
    message: `nothing in ${where} imports ${name}: remove it`,
    subject: name,
  });
  return [
    ...unused(manifest.dependencies, inSources).map((name) => finding(name, `${folder}/src`)),
    ...unused(manifest.devDependencies, anywhere).map((name) => finding(name, folder)),
  ];
}

function unused(declared: Readonly<Record<string, string>> = {}, imported: readonly string[]): readonly string[] {
  return Object.keys(declared).filter(
    (name) =>
      !neverImported.test(name) &&
      !imported.some((specifier) => specifier === name || specifier.startsWith(`${name}/`)),
  );
}
