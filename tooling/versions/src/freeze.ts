// The program `pnpm freeze NAME`: keeps core, node, contracts and codec of this working tree, with all that they import, in one
// file, so that clusters of later versions can be mixed with this one. The same tree gives the same file.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const [name = ""] = process.argv.slice(2);
if (!/^[\w.-]+$/.test(name)) throw new Error("Give the build a name that can be a file's, such as 1.2.0.");

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const sources = ["core", "node", "contracts", "codec-msgpack"].map((each) => here(`../../../packages/${each}/src`));
const commit = execFileSync("git", ["log", "-1", "--format=%h", "--abbrev=12", "--", ...sources]);
const { output } = await build({
  input: here("today.ts"),
  platform: "neutral",
  resolve: { conditionNames: ["quorate-source", "import", "default"] },
  output: { minify: true },
  write: false,
});
const header = [
  `// Quorate ${name}, made by src/freeze.ts from sources that were last changed in ${String(commit).trim()}.`,
  "// Contains msgpackr, Copyright (c) 2020 Kris Zyp, under the MIT license.",
];
writeFileSync(here(`../builds/${name}.js`), [...header, output[0].code].join("\n"));
