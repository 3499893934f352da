// Runs this package's tests with the settings that all packages share, and serves the exhaustive search its own core.
import { packageTests } from "../../tooling/checks/src/vitest-config.ts";
import { openedCore } from "./test/exhaustive/opened-core.ts";

export default {
  ...packageTests({
    testTimeout: 60_000,
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text-summary"], thresholds: { branches: 95 } },
  }),
  plugins: [openedCore()],
};
