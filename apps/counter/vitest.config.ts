// Runs this package's tests with the settings that all packages share.
import { packageTests } from "../../tooling/checks/src/vitest-config.ts";

// One file at a time: clusters of real processes have election timeouts, which a busy machine breaks.
export default packageTests({ fileParallelism: false });
