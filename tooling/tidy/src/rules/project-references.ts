// The compiler's project references say the same as the manifest: otherwise a package is built before what it needs,
// or the compiler sees a package that the manifest does not declare.
import { join } from "node:path/posix";
import type { Package, Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

export const projectReferences: Rule = {
  name: "project-references",
  check: (repository) =>
    repository.packages
      .filter(({ folder }) => !folder.startsWith("tooling/"))
      .flatMap((each) => check(repository, each)),
};

function check(repository: Repository, { folder, manifest }: Package): readonly Finding[] {
  const path = `${folder}/tsconfig.json`;
  if (!repository.has(path)) return [];
  const declared = repository.packages
    .filter((other) => other.manifest.name in (manifest.dependencies ?? {}))
    .map((other) => other.folder);
  const referenced = readReferences(repository.text(path)).map((reference) => join(folder, reference));
  const finding = (message: string): Finding => ({ path, line: 1, message });
  return [
    ...without(declared, referenced).map((name) => finding(`"references" must name ${name}: it is a dependency`)),
    ...without(referenced, declared).map((name) => finding(`"references" names ${name}, which is not a dependency`)),
  ];
}

function readReferences(text: string): readonly string[] {
  // The compiler reads the same file and refuses references of another shape.
  const { references = [] } = JSON.parse(text) as { references?: readonly { path: string }[] };
  return references.map(({ path }) => path);
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  return names.filter((name) => !others.includes(name));
}
