// Runs this package's tests with the settings that all packages share.
import { packageTests } from "../../tooling/checks/src/vitest-config.ts";

// One file at a time: the tests wait for real servers, which a busy machine makes slow.
export default packageTests({ testTimeout: 60_000, hookTimeout: 120_000, fileParallelism: false });
