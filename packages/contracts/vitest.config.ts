// Runs this package's tests with the settings that all packages share.
import { packageTests } from "../../tooling/checks/src/vitest-config.ts";

export default packageTests({ testTimeout: 30_000 });
