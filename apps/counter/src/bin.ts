#!/usr/bin/env node
// The entry point of the command `quorate`.

import { runProcess } from "./cli/process.ts";

await runProcess((transport) => transport);
