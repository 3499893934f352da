// What must not reach a user is found in the list of files and in the manifest.
import { expect, test } from "vitest";
import { fileProblems, linkProblems, manifestProblems } from "../src/contents.ts";

const files = ["LICENSE", "README.md", "dist/index.d.ts", "dist/index.js", "package.json", "src/index.ts"];

test("a package of sources, built files and texts is complete", () => {
  expect(fileProblems([...files, "CHANGELOG.md", "MEMBERSHIP.md"])).toEqual([]);
});

test.each(["test/a.test.ts", "src/a.test.ts", "dist/.tsbuildinfo", "tsconfig.json", "notes.md", ".env", "src/.hidden"])(
  "%s must not be packed",
  (file) => {
    expect(fileProblems([...files, file])).toEqual([`${file} must not be packed`]);
  },
);

test.each(files.filter((file) => !file.startsWith("src/")))("a package without %s is incomplete", (file) => {
  expect(fileProblems(files.filter((each) => each !== file))).toEqual([`${file} is missing`]);
});

test("documents of the package that its README links to must be packed", () => {
  const readme =
    "[a](ERRORS.md#code), [b](src/FORMAT.md), [c](../core/README.md), [d](https://example.org/X.md), [e](GONE.md)";
  expect(linkProblems(readme, [...files, "ERRORS.md", "src/FORMAT.md"])).toEqual([
    "README.md links to GONE.md, which is not packed",
  ]);
});

test("a plain manifest is accepted", () => {
  const manifest = {
    name: "@quorate/core",
    version: "1.0.0",
    scripts: { build: "tsc -b", nightly: "node --conditions=quorate-source src/cli.ts" },
  };
  expect(manifestProblems(manifest)).toEqual([]);
});

test.each([
  { scripts: { postinstall: "node x.js" } },
  { dependencies: { "@quorate/core": "workspace:^" } },
  { dependencies: { pino: "catalog:" } },
  { exports: { ".": { "quorate-source": "./src/index.ts" } } },
])("a manifest with %j is refused", (fields) => {
  expect(manifestProblems({ name: "@quorate/core", version: "1.0.0", ...fields })).toHaveLength(1);
});
