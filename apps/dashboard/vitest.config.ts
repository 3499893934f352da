// Runs this package's tests with the settings that all packages share, and finds a browser for those that need one.
import { packageTests } from "../../tooling/checks/src/vitest-config.ts";

export default packageTests({
  testTimeout: 60_000,
  hookTimeout: 120_000,
  globalSetup: ["../../tooling/checks/src/provide-chromium.ts"],
});
