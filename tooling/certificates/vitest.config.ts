// Runs this package's tests with the settings that all packages share.
import { packageTests } from "../checks/src/vitest-config.ts";

export default packageTests();
