// Where the workspace's packages are and what their manifests say.
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** Relative to the workspace's root, with forward slashes: `packages/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Absolute path of the workspace's root. */
export const root: string = resolve(import.meta.dirname, "../../..");

/** Every package of the workspace, sorted by folder. */
export function workspacePackages(at: string = root): readonly WorkspacePackage[] {
  return packagePatterns(readFileSync(join(at, "pnpm-workspace.yaml"), "utf8"))
    .flatMap((pattern) => globSync(pattern, { cwd: at }))
    .filter((folder) => existsSync(join(at, folder, "package.json")))
    .toSorted()
    .map((folder) => ({ folder, manifest: readManifest(join(at, folder)) }));
}

/** The packages that users install. */
export function publishedPackages(at: string = root): readonly WorkspacePackage[] {
  return workspacePackages(at).filter(({ manifest }) => manifest.private !== true);
}

/** The list under `packages:`. The file is our own and flat, so a whole YAML parser would only be one more dependency. */
export function packagePatterns(yaml: string): readonly string[] {
  const lines = yaml.split("\n");
  const start = lines.indexOf("packages:");
  if (start === -1) throw new Error('pnpm-workspace.yaml has no line "packages:"');
  const patterns: string[] = [];
  for (const line of lines.slice(start + 1)) {
    const item = /^ +- +"?([^"]+)"?$/.exec(line);
    if (item?.[1] === undefined) break;
    patterns.push(item[1]);
  }
  return patterns;
}

function readManifest(folder: string): Manifest {
  // A manifest of this workspace; pnpm has validated it at install.
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}
