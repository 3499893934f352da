// Runs this package's tests with the settings that all packages share; one file at a time, for each has a machine's worth of
// processes.
import { packageTests } from "../checks/src/vitest-config.ts";

export default packageTests({ fileParallelism: false, testTimeout: 300_000, hookTimeout: 120_000 });
