// Set-up of tests in a real browser: finds Chromium, or unpacks Debian's packages into a cache folder, which needs no special
// rights. Tests get its path in QUORATE_CHROMIUM and what it needs besides in the environment that QUORATE_CHROMIUM_ENV holds
// as JSON; where there is no browser, QUORATE_CHROMIUM_MISSING says why.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
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

const STARTS_WITHIN_MS = 30_000;

const execute = promisify(execFile);

/** Called by vitest before the first test; the processes that run the tests inherit what is set here. */
export async function setup(): Promise<void> {
  try {
    const { path, env } = await findChromium();
    process.env["QUORATE_CHROMIUM"] = path;
    process.env["QUORATE_CHROMIUM_ENV"] = JSON.stringify(env);
  } catch (cause) {
    const hint = "Install Chromium (Debian: apt-get install chromium), or set CHROMIUM to the path of its program";
    if (process.env["CI"] === "true") throw new Error(`there is no browser to test in. ${hint}`, { cause });
    process.env["QUORATE_CHROMIUM_MISSING"] = `there is no browser to test in. ${hint}`;
  }
}

/** The one that the user names, the one that is installed, or Debian's. Rejects if there is none that starts. */
async function findChromium(): Promise<Chromium> {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return started({ path: named, env: {} });
  for (const program of browsers) {
    const path = await findInstalled(program);
    // What some systems install under these names only tells where to get a browser.
    const installed = path === undefined ? undefined : await started({ path, env: {} }).catch(() => undefined);
    if (installed !== undefined) return installed;
  }
  const cache = cacheFolder("chromium");
  const { path, libraries } = await provideProgram(headlessShell, cache);
  if (libraries === "") return started({ path, env: {} });
  return started({ path, env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: await writeFontSettings(cache) } });
}

async function started(chromium: Chromium): Promise<Chromium> {
  await execute(chromium.path, ["--version"], { env: { ...process.env, ...chromium.env }, timeout: STARTS_WITHIN_MS });
  return chromium;
}

/** A small system has neither fonts nor settings that say where they are: both are in the cache. */
async function writeFontSettings(cache: string): Promise<string> {
  const file = join(cache, "fonts.conf");
  const folders = ["/usr/share/fonts", join(cache, "usr/share/fonts")].map((folder) => `<dir>${folder}</dir>`);
  const settings = [...folders, `<cachedir>${join(cache, "var/cache/fontconfig")}</cachedir>`].join("");
  await writeFile(file, `<?xml version="1.0"?><fontconfig>${settings}</fontconfig>\n`);
  return file;
}
