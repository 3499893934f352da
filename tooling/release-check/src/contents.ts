// What may be in a package, and what its manifest may say once it is packed.
import type { Packed } from "./pack.ts";

const allowed = /^(dist\/.+|src\/.+|README\.md|LICENSE|package\.json|CHANGELOG\.md)$/;
const unwanted = /\.tsbuildinfo$|\.test\.[cm]?[jt]s$|(^|\/)\.[^/]+$/;
const required = ["README.md", "LICENSE", "package.json", "dist/index.js", "dist/index.d.ts"];
const installScripts = ["preinstall", "install", "postinstall", "prepare"];

export function fileProblems(files: readonly string[]): readonly string[] {
  return [
    ...files.filter((file) => !allowed.test(file) || unwanted.test(file)).map((file) => `${file} must not be packed`),
    ...required.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
  ];
}

export function manifestProblems(manifest: Packed["manifest"]): readonly string[] {
  const text = JSON.stringify(manifest);
  return [
    ...installScripts
      .filter((name) => name in (manifest.scripts ?? {}))
      .map((name) => `the script "${name}" would run at install`),
    ...["workspace:", "catalog:", "quorate-source"]
      .filter((part) => text.includes(part))
      .map((part) => `"${part}" means nothing outside of this workspace`),
  ];
}
