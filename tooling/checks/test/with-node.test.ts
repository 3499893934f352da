// The start file on a machine that lacks libatomic. Programs of the same names stand in for that machine: its Node and its apt.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const startFile = resolve(import.meta.dirname, "../with-node.sh");

/** Refuses as the loader does, until a folder in LD_LIBRARY_PATH holds the library. */
const nodeThatNeedsIt = `
IFS=:
for folder in \${LD_LIBRARY_PATH-}; do [ -e "$folder/libatomic.so.1" ] && exit 0; done
echo "node: error while loading shared libraries: libatomic.so.1: cannot open shared object file: No such file" >&2
exit 127`;

const aptWithLists = "touch libatomic1_12.deb";
/** Knows the package only by lists that were fetched into a folder of the caller's. */
const aptWithoutLists = `
case "$*" in
  *Dir::State=*" update") touch updated ;;
  *Dir::State=*" download libatomic1") [ -e updated ] && touch libatomic1_12.deb ;;
  *) echo "E: Unable to locate package libatomic1" >&2; exit 100 ;;
esac`;
const aptWithoutNetwork = 'echo "E: Failed to fetch" >&2; exit 100';

const dpkgDeb = `
[ -e "$2" ] || exit 2
mkdir -p "$3/usr/lib/x86_64-linux-gnu"
touch "$3/usr/lib/x86_64-linux-gnu/libatomic.so.1"`;

function machine({ node, aptGet = aptWithoutNetwork }: { readonly node: string; readonly aptGet?: string }) {
  const root = mkdtempSync(join(tmpdir(), "quorate with-node-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const programs = join(root, "programs");
  const caches = join(root, "node_modules/.cache/quorate");
  writeProgram(join(root, "node_modules/.bin/node"), node);
  writeProgram(join(programs, "dpkg-deb"), dpkgDeb);
  cpSync(startFile, join(root, "tooling/checks/with-node.sh"));
  const start = (apt: string, ...command: readonly string[]) => {
    writeProgram(join(programs, "apt-get"), apt);
    const env = { PATH: `${programs}:${process.env["PATH"]}`, LD_LIBRARY_PATH: "/opt/before" };
    return spawnSync("sh", [join(root, "tooling/checks/with-node.sh"), ...command], { encoding: "utf8", env });
  };
  return {
    library: join(caches, "libatomic"),
    cached: () => (existsSync(caches) ? readdirSync(caches) : []),
    start: (...command: readonly string[]) => start(aptGet, ...command),
    startOffline: (...command: readonly string[]) => start(aptWithoutNetwork, ...command),
  };
}

function writeProgram(path: string, script: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

test("where Node starts, the command gets its arguments and its environment as they are", () => {
  const { start, cached } = machine({ node: "exit 0" });
  const ended = start("sh", "-c", 'echo "$1|$LD_LIBRARY_PATH"; exit 7', "sh", "two words");
  expect(ended).toMatchObject({ status: 7, stdout: "two words|/opt/before\n", stderr: "" });
  expect(cached()).toEqual([]);
});

test.each([
  ["the system's lists of packages", aptWithLists],
  ["lists of its own", aptWithoutLists],
])("a missing libatomic is unpacked from Debian's package, found by %s", (_, aptGet) => {
  const { start, library, cached } = machine({ node: nodeThatNeedsIt, aptGet });
  const ended = start("sh", "-c", 'echo "$LD_LIBRARY_PATH"');
  expect(ended).toMatchObject({ status: 0, stdout: `${library}:/opt/before\n` });
  expect(ended.stderr).toContain("Debian's package libatomic1");
  expect(cached()).toEqual(["libatomic"]);
});

test("what was unpacked once is used from then on, without a word", () => {
  const { start, startOffline } = machine({ node: nodeThatNeedsIt, aptGet: aptWithLists });
  start("true");
  expect(startOffline("node")).toMatchObject({ status: 0, stderr: "" });
});

test("where the package cannot be had, the text names the library and what to install", () => {
  const { startOffline, cached } = machine({ node: nodeThatNeedsIt });
  const ended = startOffline("echo", "started");
  expect(ended).toMatchObject({ status: 1, stdout: "" });
  expect(ended.stderr).toContain("E: Failed to fetch");
  expect(ended.stderr).toContain("libatomic.so.1");
  expect(ended.stderr).toContain("apt-get install libatomic1");
  expect(cached()).toEqual([]);
});

test("a Node that does not start for another reason, or that the guard refuses, is quoted", () => {
  const { startOffline } = machine({ node: 'echo "This workspace needs another Node" >&2; exit 1' });
  expect(startOffline("echo", "started")).toMatchObject({
    status: 1,
    stdout: "",
    stderr: "This workspace needs another Node\n",
  });
});
