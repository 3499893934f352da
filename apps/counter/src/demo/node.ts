// A node of the demo: what `quorate start` runs, over a network that the demo can spoil.

import { faultyNetwork } from "@quorate/memory";
import { systemClock } from "@quorate/node";
import { runProcess } from "../cli/process.ts";
import { obey } from "./network.ts";

const network = faultyNetwork({ clock: systemClock });
process.on("message", (message: unknown) => process.send?.(obey(network, message)));
// The channel alone keeps no node alive, and no node outlives the demo, even one that was killed.
process.channel?.unref();
process.once("disconnect", () => process.exit(1));

await runProcess((transport) => network.wrap(transport));
