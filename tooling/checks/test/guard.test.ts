// The guard has to speak up on an old Node and to keep quiet on this one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const guard = resolve(import.meta.dirname, "../guard.js");

function runGuard(nodeVersion: string) {
  const folder = mkdtempSync(join(tmpdir(), "quorate-guard-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const preload = join(folder, "preload.cjs");
  writeFileSync(
    preload,
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${nodeVersion}" } });`,
  );
  return spawnSync(process.execPath, ["--require", preload, guard], { encoding: "utf8" });
}

test.each(["20.20.2", "22.17.1"])("Node %s is refused with what to do", (version) => {
  const { status, stderr } = runGuard(version);
  expect(status).toBe(1);
  expect(stderr).toContain(version);
  expect(stderr).toContain("pnpm@12.21.0 install");
});

test.each(["22.18.0", "24.0.0", process.versions.node])("Node %s is accepted", (version) => {
  expect(runGuard(version)).toMatchObject({ status: 0, stderr: "" });
});
