// Fails with a clear text when scripts would run on the host's Node because the workspace's own Node was not installed.
// Plain JavaScript for the oldest Node that someone may have.
import { readFileSync } from "node:fs";

const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const wanted = engines.node.replace(/^\D+/, "").split(".").map(Number);
const found = process.versions.node.split(".").map(Number);
const isTooOld = found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1]);

if (isTooOld) {
  process.stderr.write(
    `This workspace needs Node ${engines.node}, but its scripts run on Node ${process.versions.node} (${process.execPath}).\n` +
      `It installs a Node of its own as an optional dependency, and that package was skipped.\n` +
      `Remove node_modules and run "npx -y pnpm@12.21.0 install" without --no-optional; on a platform that has no such\n` +
      `package (see optionalDependencies in package.json) put a newer Node on PATH.\n`,
  );
  process.exit(1);
}
