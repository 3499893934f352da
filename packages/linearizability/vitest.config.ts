// Runs this package's tests with the settings that all packages share. Some check tens of thousands of histories: on a busy
// machine that takes a while, and nothing in them waits.
import { packageTests } from "../../tooling/checks/src/vitest-config.ts";

export default packageTests({ testTimeout: 120_000 });
