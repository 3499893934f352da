// Copies the sources of the packages that a mutant is about to a folder and makes the mistake there.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Edit, Mutant } from "./mutants.ts";

const packages = fileURLToPath(new URL("../../..", import.meta.url));

/** Writes the mutated packages to `folder`, each under its name, and returns their names. */
export function writeMutant({ name, edits }: Mutant, folder: string): readonly string[] {
  const names = [...new Set(edits.map((edit) => edit.package ?? "core"))];
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  for (const each of names) cpSync(join(packages, each, "src"), join(folder, each), { recursive: true });
  for (const edit of edits) {
    const path = join(folder, edit.package ?? "core", edit.file);
    writeFileSync(path, mutate(readFileSync(path, "utf8"), edit, name));
  }
  return names;
}

/** Makes one replacement. Throws unless there is exactly one place for it. */
export function mutate(source: string, { file, find, replace }: Edit, name: string): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(
    `mutant "${name}": ${file} has ${parts.length - 1} places like\n${find}\nWrite it anew for this source.`,
  );
}
