// Set-up of tests that look at system calls: finds strace, or unpacks Debian's package into a cache folder, which needs no
// special rights. Tests get its path in QUORATE_STRACE and, as LD_LIBRARY_PATH for it, QUORATE_STRACE_LIBRARIES.
import { cacheFolder, provideProgram } from "@quorate/transport-nats/debian-package";

const strace = { program: "strace", path: "usr/bin/strace", packages: ["strace"] };

/** Called by vitest before the first test; the processes that run the tests inherit what is set here. */
export async function setup(): Promise<void> {
  if (process.platform !== "linux") return;
  try {
    const { path, libraries } = await provideProgram(strace, cacheFolder("strace"));
    process.env["QUORATE_STRACE"] = path;
    process.env["QUORATE_STRACE_LIBRARIES"] = libraries;
  } catch (cause) {
    const hint = "These tests look at system calls. Install strace (Debian and Ubuntu: apt-get install strace).";
    throw new Error(`strace was not found, and Debian's package could not be downloaded. ${hint}`, { cause });
  }
}
