// A run without a browser says so: quietly on a contributor's machine, by failing in CI.
import { afterEach, describe, expect, test, vi } from "vitest";
import { setup } from "../src/provide-chromium.ts";

afterEach(() => vi.unstubAllEnvs());

describe("without a browser that starts", () => {
  test("the tests learn why they are skipped", async () => {
    vi.stubEnv("CI", "");
    vi.stubEnv("CHROMIUM", "/nowhere/chromium");
    vi.stubEnv("QUORATE_CHROMIUM_MISSING", "");
    await setup();
    expect(process.env["QUORATE_CHROMIUM_MISSING"]).toContain("there is no browser to test in");
  });

  test("a run in CI fails and says what to do", async () => {
    vi.stubEnv("CI", "true");
    vi.stubEnv("CHROMIUM", "/nowhere/chromium");
    await expect(setup()).rejects.toThrow("set CHROMIUM to the path of its program");
  });
});
