// A program that was unpacked before, with libraries beside it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { provideProgram } from "../src/debian-package.ts";

const wanted = { program: "no-such-program-of-the-system", path: "usr/bin/unpacked", packages: [] };

afterEach(() => vi.unstubAllEnvs());

function filledCache(): string {
  const cache = mkdtempSync(join(tmpdir(), "quorate-debian-"));
  onTestFinished(() => rmSync(cache, { recursive: true }));
  for (const folder of ["usr/bin", "usr/lib/some-machine"]) mkdirSync(join(cache, folder), { recursive: true });
  writeFileSync(join(cache, wanted.path), "", { mode: 0o755 });
  writeFileSync(join(cache, "usr/lib/some-machine/libneeded.so.1"), "");
  return cache;
}

test("a program in the cache gets the libraries beside it", async () => {
  vi.stubEnv("LD_LIBRARY_PATH", undefined);
  const cache = filledCache();
  expect(await provideProgram(wanted, cache)).toEqual({
    path: join(cache, wanted.path),
    libraries: join(cache, "usr/lib/some-machine"),
  });
});

test("a program in the cache that starts Node leaves it the libraries that Node itself needs", async () => {
  vi.stubEnv("LD_LIBRARY_PATH", "/opt/for-node");
  const cache = filledCache();
  const { libraries } = await provideProgram(wanted, cache);
  expect(libraries).toBe(`${join(cache, "usr/lib/some-machine")}:/opt/for-node`);
});
