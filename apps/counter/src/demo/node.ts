// A node of the demo: what `quorate start` runs, over a network that the demo can spoil.

import { faultyNetwork } from "@quorate/memory";
import { systemClock } from "@quorate/node";
import { runProcess } from "../cli/process.ts";
import { obey } from "./network.ts";

const network = faultyNetwork({ clock: systemClock });
process.on("message", (message: unknown) => process.send?.(obey(network, message)));
// The channel alone keeps no node alive.
process.channel?.unref();

await runProcess((transport) => network.wrap(transport));
