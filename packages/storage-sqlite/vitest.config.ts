// Runs this package's tests with the settings that all packages share, and finds strace for those about system calls.
import { packageTests } from "../../tooling/checks/src/vitest-config.ts";

export default packageTests({
  testTimeout: 120_000,
  hookTimeout: 120_000,
  globalSetup: ["../../tooling/checks/src/provide-strace.ts"],
});
