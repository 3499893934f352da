// Packs a package exactly as publishing would, and unpacks it again to look inside.
import { globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, type Manifest, type WorkspacePackage } from "../../checks/src/workspace.ts";
import { runCaptured } from "./run-captured.ts";

export interface Packed {
  readonly name: string;
  readonly tarball: string;
  /** The folder of the unpacked files. */
  readonly unpacked: string;
  /** Relative to `unpacked`, sorted. */
  readonly files: readonly string[];
  readonly manifest: Manifest & Readonly<Record<string, unknown>>;
}

export async function pack({ folder, manifest }: WorkspacePackage, into: string): Promise<Packed> {
  const { name, version } = manifest;
  const flatName = name.replace("@", "").replace("/", "-");
  const tarball = join(into, `${flatName}-${version}.tgz`);
  await mustSucceed("pnpm", ["pack", "--pack-destination", into], join(root, folder));

  const place = join(into, flatName);
  mkdirSync(place);
  await mustSucceed("tar", ["-xzf", tarball, "-C", place], into);
  const unpacked = join(place, "package");
  const files = globSync("**/*", { cwd: unpacked, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1))
    .toSorted();
  // Written by pnpm a moment ago.
  const packedManifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as Packed["manifest"];
  return { name, tarball, unpacked, files, manifest: packedManifest };
}

async function mustSucceed(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { exitCode, output } = await runCaptured({ program, args, cwd, deadlineMs: 60_000 });
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")} in ${cwd} failed:\n${output}`);
}
