// Copies the core's sources to a folder and makes a mistake there.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Edit, Mutant } from "./mutants.ts";

const coreSources = fileURLToPath(new URL("../../../core/src", import.meta.url));

/** Writes the mutated core to `folder` and returns the path of its entry point. */
export function writeMutant({ name, edits }: Mutant, folder: string): string {
  cpSync(coreSources, folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  for (const edit of edits) {
    const path = join(folder, edit.file);
    writeFileSync(path, mutate(readFileSync(path, "utf8"), edit, name));
  }
  return join(folder, "index.ts");
}

/** Makes one replacement. Throws unless there is exactly one place for it. */
export function mutate(source: string, { file, find, replace }: Edit, name: string): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(
    `mutant "${name}": ${file} has ${parts.length - 1} places like\n${find}\nWrite it anew for this source.`,
  );
}
