// Reads the working tree: every file that git tracks, and new ones that it does not ignore.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Repository, repositoryOf } from "./repository.ts";

export function readRepository(root: string): Repository {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = new Set(list.split("\0").filter((path) => path !== "" && existsSync(join(root, path))));
  const texts = [...paths]
    .map((path) => [path, readFileSync(join(root, path))] as const)
    .filter(([, bytes]) => !bytes.includes(0));
  return repositoryOf(Object.fromEntries(texts.map(([path, bytes]) => [path, bytes.toString("utf8")])));
}
