// Set-up of tests in a real browser: finds Chromium, or unpacks Debian's packages into a cache folder, which needs no special
// rights. Tests get its path in QUORATE_CHROMIUM and what it needs besides in the environment that QUORATE_CHROMIUM_ENV holds
// as JSON; where there is no browser, QUORATE_CHROMIUM_MISSING says why.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, findInstalled, provideProgram } from "@quorate/transport-nats/debian-package";

/** Chromium without windows, and letters for it to draw. */
const headlessShell = {
  program: "chromium-headless-shell",
  path: "usr/lib/chromium/chromium-headless-shell",
  packages: ["chromium-headless-shell", "fonts-dejavu-core"],
};
/** Names under which systems install a whole browser. */
const browsers = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** A browser and what its environment needs besides. */
type Chromium = { readonly path: string; readonly env: Readonly<Record<string, string>> };

const execute = promisify(execFile);

/** Called by vitest before the first test; the processes that run the tests inherit what is set here. */
export async function setup(): Promise<void> {
  try {
    const { path, env } = await findChromium();
    await execute(path, ["--version"], { env: { ...process.env, ...env } });
    process.env["QUORATE_CHROMIUM"] = path;
    process.env["QUORATE_CHROMIUM_ENV"] = JSON.stringify(env);
  } catch (cause) {
    const hint = "Install Chromium (Debian: apt-get install chromium), or set CHROMIUM to the path of its program";
    if (process.env["CI"] === "true") throw new Error(`there is no browser to test in. ${hint}`, { cause });
    process.env["QUORATE_CHROMIUM_MISSING"] = `there is no browser to test in. ${hint}`;
  }
}

/** The one that the user names, the one that is installed, or Debian's. */
async function findChromium(): Promise<Chromium> {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return { path: named, env: {} };
  for (const program of browsers) {
    const path = await findInstalled(program);
    if (path !== undefined) return { path, env: {} };
  }
  const cache = cacheFolder("chromium");
  const { path, libraries } = await provideProgram(headlessShell, cache);
  if (libraries === "") return { path, env: {} };
  // A system without fonts has no settings for them either.
  const lacksFonts = existsSync(join(cache, "etc/fonts/fonts.conf"));
  return { path, env: { LD_LIBRARY_PATH: libraries, ...(lacksFonts && { FONTCONFIG_SYSROOT: cache }) } };
}
