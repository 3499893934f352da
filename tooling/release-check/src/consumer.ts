// An empty project outside of the workspace that installs the tarballs and does what the READMEs show.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../checks/src/workspace.ts";
import type { Outcome } from "./outcome.ts";
import type { Packed } from "./pack.ts";
import { firstExample } from "./readme-example.ts";
import { type Ended, problemsOf, runCaptured } from "./run-captured.ts";

const exampleDeadlineMs = 30_000;

/** Installs everything once; then compiles and runs each README's example, and asks each command for its help. */
export async function checkAsConsumer(packed: readonly Packed[], folder: string): Promise<readonly Outcome[]> {
  writeProject(packed, folder);
  const install = await runCaptured({
    program: "pnpm",
    args: ["install", "--no-frozen-lockfile", "--prefer-offline"],
    cwd: folder,
    deadlineMs: 120_000,
  });
  const outcomes: Outcome[] = [{ packageName: "all together", check: "install", problems: problemsOf(install) }];
  if (install.exitCode !== 0) return outcomes;

  const compiled = await compile(folder);
  for (const each of packed) {
    outcomes.push(...(await checkExample(each, folder, compiled)), ...(await checkCommands(each, folder)));
  }
  return outcomes;
}

function writeProject(packed: readonly Packed[], folder: string): void {
  const tarballs = packed.map(({ name, tarball }) => [name, `file:${tarball}`] as const);
  const settings = [
    "overrides:",
    ...tarballs.map(([name, from]) => `  "${name}": "${from}"`),
    "allowBuilds:",
    "  msgpackr-extract: false",
    "",
  ];
  const manifest = {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: Object.fromEntries(tarballs),
    devDependencies: { "@types/node": nodeTypesVersion() },
  };
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    rootDir: "examples",
    outDir: "out",
  };
  mkdirSync(join(folder, "examples"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  writeFileSync(join(folder, "pnpm-workspace.yaml"), settings.join("\n"));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["examples"] }, undefined, 2),
  );
  for (const each of packed) {
    const example = exampleOf(each);
    if (example !== undefined)
      writeFileSync(join(folder, "examples", `${shortName(each)}.ts`), `${example}\nexport {};\n`);
  }
}

/** The types that the workspace itself compiles against, so that the check depends on nothing newer. */
function nodeTypesVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "node_modules/@types/node/package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "*";
}

function compile(folder: string): Promise<Ended> {
  const program = join(root, "node_modules/.bin/tsc");
  return runCaptured({ program, args: ["-p", ".", "--pretty", "false"], cwd: folder, deadlineMs: 120_000 });
}

async function checkExample(each: Packed, folder: string, compiled: Ended): Promise<readonly Outcome[]> {
  const packageName = each.name;
  if (exampleOf(each) === undefined) {
    const problem = "README.md has no block of TypeScript: show the smallest complete example";
    return [{ packageName, check: "example", problems: [problem] }];
  }
  const place = mkdtempSync(join(folder, `run-${shortName(each)}-`));
  const ran = await runCaptured({
    program: process.execPath,
    args: [join(folder, "out", `${shortName(each)}.js`)],
    cwd: place,
    deadlineMs: exampleDeadlineMs,
  });
  return [
    { packageName, check: "example", problems: compileProblems(compiled, shortName(each)) },
    { packageName, check: "runs", problems: problemsOf(ran) },
  ];
}

/** The compiler's complaints about one example, or about what the example takes from its package. */
export function compileProblems(
  { exitCode, output }: Pick<Ended, "exitCode" | "output">,
  name: string,
): readonly string[] {
  if (exitCode === 0) return [];
  const lines = output.split("\n").filter((line) => line.includes("error TS"));
  if (lines.length === 0) return [`the compiler did not run: ${output}`];
  return lines.filter((line) => line.startsWith(`examples/${name}.ts`) || line.includes(`/@quorate/${name}/`));
}

async function checkCommands(each: Packed, folder: string): Promise<readonly Outcome[]> {
  const names = Object.keys(each.manifest.bin ?? {});
  const ended = await Promise.all(
    names.map((name) =>
      runCaptured({
        program: join(folder, "node_modules/.bin", name),
        args: ["--help"],
        cwd: folder,
        deadlineMs: exampleDeadlineMs,
      }),
    ),
  );
  return ended.map((end) => ({ packageName: each.name, check: "--help", problems: problemsOf(end) }));
}

function exampleOf({ unpacked, files }: Packed): string | undefined {
  return files.includes("README.md") ? firstExample(readFileSync(join(unpacked, "README.md"), "utf8")) : undefined;
}

function shortName({ name }: Packed): string {
  return name.slice(name.indexOf("/") + 1);
}
