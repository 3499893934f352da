// What may be in a package, and what its manifest may say once it is packed.
import type { Packed } from "./pack.ts";

/** Besides the code: what a README may link on to, written in capitals. */
const allowed = /^(dist\/.+|src\/.+|[A-Z]+\.md|LICENSE|package\.json)$/;
const unwanted = /\.tsbuildinfo$|\.test\.[cm]?[jt]s$|(^|\/)\.[^/]+$/;
const required = ["README.md", "LICENSE", "package.json", "dist/index.js", "dist/index.d.ts"];
const installScripts = ["preinstall", "install", "postinstall", "prepare"];

export function fileProblems(files: readonly string[]): readonly string[] {
  return [
    ...files.filter((file) => !allowed.test(file) || unwanted.test(file)).map((file) => `${file} must not be packed`),
    ...required.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
  ];
}

/** A document that the README names has to travel with it. `files` are relative to the package, as links are. */
export function linkProblems(readme: string, files: readonly string[]): readonly string[] {
  const linked = [...readme.matchAll(/\]\(([^):#]+\.md)(?:#[^)]*)?\)/g)].map(([, path = ""]) => path);
  return [...new Set(linked)]
    .filter((path) => !path.startsWith("..") && !files.includes(path))
    .map((path) => `README.md links to ${path}, which is not packed`);
}

export function manifestProblems(manifest: Packed["manifest"]): readonly string[] {
  // Scripts that do not run at install are for those who work on the package: nobody else reads them.
  const text = JSON.stringify({ ...manifest, scripts: {} });
  return [
    ...installScripts
      .filter((name) => name in (manifest.scripts ?? {}))
      .map((name) => `the script "${name}" would run at install`),
    ...["workspace:", "catalog:", "quorate-source"]
      .filter((part) => text.includes(part))
      .map((part) => `"${part}" means nothing outside of this workspace`),
  ];
}
