// Published packages look alike from outside: licence, engines, entry points, nothing that runs at install.
import type { Package, Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

const nodeRange = ">=22.12";
const installScripts = ["preinstall", "install", "postinstall", "prepare", "prepublish"];

export const manifests: Rule = {
  name: "manifests",
  check: (repository) =>
    repository.packages
      .filter(({ manifest }) => manifest.private !== true)
      .flatMap((each) =>
        complaints(repository, each).map(
          (message): Finding => ({ path: `${each.folder}/package.json`, line: 1, message }),
        ),
      ),
};

function complaints(repository: Repository, { folder, manifest }: Package): readonly string[] {
  const expectations: readonly (readonly [boolean, string])[] = [
    [manifest.name === `@quorate/${folder.split("/")[1]}`, "the name is @quorate/ and the folder's name"],
    [manifest["type"] === "module", '"type" is "module"'],
    [manifest["license"] === "MIT", '"license" is "MIT"'],
    [sameLicense(repository, folder), "LICENSE is a copy of the root's"],
    [JSON.stringify(manifest["engines"]) === JSON.stringify({ node: nodeRange }), `"engines" is node ${nodeRange}`],
    [isText(manifest["description"]), '"description" is one sentence'],
    [
      publishedExports(manifest) !== undefined,
      '"publishConfig" has "access" and the "exports" without the source condition',
    ],
    [
      !JSON.stringify(manifest["publishConfig"] ?? {}).includes("quorate-source"),
      "the source condition is not published",
    ],
    [Object.values(manifest.dependencies ?? {}).every(isShared), 'dependencies are "workspace:^" or "catalog:"'],
    ...installScripts.map(
      (name) => [!(name in (manifest.scripts ?? {})), `nothing runs at install: no "${name}"`] as const,
    ),
  ];
  return expectations.filter(([holds]) => !holds).map(([, rule]) => rule);
}

function sameLicense(repository: Repository, folder: string): boolean {
  const path = `${folder}/LICENSE`;
  return repository.has(path) && repository.text(path) === repository.text("LICENSE");
}

function publishedExports({ publishConfig }: Package["manifest"]): unknown {
  if (typeof publishConfig !== "object" || publishConfig === null) return undefined;
  return "access" in publishConfig && "exports" in publishConfig ? publishConfig.exports : undefined;
}

function isShared(range: string): boolean {
  return range === "workspace:^" || range === "catalog:";
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.length > 10;
}
