// quorate start: a node in this process until a signal ends it.

import type { Transport } from "@quorate/contracts";
import closeWithGrace from "close-with-grace";
import { pino } from "pino";
import { loadConfig } from "../config/load.ts";
import { exitCodes } from "../errors/catalogue.ts";
import { isDamage, setDamageAside } from "../rebuild.ts";
import { startServer } from "../server.ts";

const graceMs = 10_000;

/**
 * Starts a node and resolves once it has stopped by itself. On SIGTERM or SIGINT it closes the node and ends the process
 * with code 0. Rejects if the node cannot start.
 */
export async function startNode(
  file: string | undefined,
  flags: Readonly<Record<string, unknown>>,
  {
    tell,
    wrap,
  }: {
    readonly tell: (text: string) => void;
    /** Puts something around the transport, for demonstrations. */
    readonly wrap: (transport: Transport) => Transport;
  },
): Promise<number> {
  const checked = loadConfig(file, flags);
  for (const warning of checked.warnings) tell(`warning: ${warning}\n`);
  const destination = pino.destination({ fd: 1, sync: true });
  // Whoever read the log has gone; that is no reason to stop serving.
  destination.on("error", () => {});
  const starting = startServer(checked, destination, wrap);
  // Installed before the node is up: a signal during the start ends in the same orderly way.
  const grace = closeWithGrace({ delay: graceMs, logger: false }, async ({ err }) => {
    if (err !== undefined) tell(`error: ${err.stack ?? err.message}\n`);
    const started = await starting.catch(() => undefined);
    await started?.close();
  });
  const server = await starting.catch((error: unknown) => {
    grace.uninstall();
    throw error;
  });
  const { code, detail, hint } = await server.failed;
  tell(`error: ${code}: ${detail}\n  ${hint}\n  The node has stopped; see its log.\n`);
  grace.uninstall();
  await server.close();
  if (isDamage({ code }) && checked.config.storage.onCorruption === "rebuild") {
    const { keptIn } = await setDamageAside(checked, { code, message: detail });
    tell(`  Its files are kept in ${keptIn}; the next start gets everything from the other nodes.\n`);
  }
  return exitCodes.failure;
}
