// The worker behind the page: clusters of registers, whatever the link or the form says about them.

import { registers } from "@quorate/simulator";
import { serveRuns } from "./run/serve-runs.ts";

serveRuns(registers());
