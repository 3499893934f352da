// The program behind `pnpm demo`: builds what the demo needs without a word, then becomes the demo.
import { run } from "./run.ts";

// Ctrl-C reaches the demo by itself; this process only waits for it to end.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

const buildArgs = ["run", "build", "--filter=@quorate/counter", "--output-logs=errors-only"];
const buildCode = await run({ program: "turbo", args: buildArgs, quiet: true });
process.exitCode =
  buildCode === 0
    ? await run({ program: process.execPath, args: ["apps/counter/dist/demo/main.js", ...process.argv.slice(2)] })
    : buildCode;
