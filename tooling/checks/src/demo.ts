// The program behind `pnpm demo`: builds what the demo needs without a word, then becomes the demo.
import { run } from "./run.ts";

// Ctrl-C reaches the demo by itself; this process only waits for it to end.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

const demoArgs = process.argv.slice(2);
const buildCode = await build("@quorate/counter");
if (buildCode === 0) {
  const needsPage = demoArgs.includes("--page") || !demoArgs.includes("--once");
  // The demo runs without its page too, and says that it is missing.
  if (needsPage) await build("@quorate/dashboard");
  process.exitCode = await run({ program: process.execPath, args: ["apps/counter/dist/demo/main.js", ...demoArgs] });
} else {
  process.exitCode = buildCode;
}

function build(name: string): Promise<number> {
  const args = ["run", "build", `--filter=${name}`, "--output-logs=errors-only"];
  return run({ program: "turbo", args, quiet: true });
}
