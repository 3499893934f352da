// Entries that are no longer in memory. The core does not wait for the disk: it asks the driver, goes on, and takes what
// comes back as an input, if it is still of use then.

import type { LogReadPurpose, Server } from "./server.ts";
import type { Entry } from "./types.ts";

/** Asks for entries from `firstIndex` on, at most up to `lastIndex`. */
export function requestLogRead(
  server: Server,
  purpose: LogReadPurpose,
  range: { readonly firstIndex: number; readonly lastIndex: number; readonly maxBytes: number },
): void {
  server.lastLogReadId += 1;
  server.logReadPurposes.set(server.lastLogReadId, purpose);
  server.output.logReads.push({ logReadId: server.lastLogReadId, ...range });
}

/** True while entries for application are on their way. */
export function isReadingForApply(server: Server): boolean {
  return [...server.logReadPurposes.values()].some((purpose) => purpose.for === "apply");
}

/** What a finished read was for, and its entries; none if the log has changed so that they are no longer in it. */
export function finishLogRead(
  server: Server,
  logReadId: number,
  entries: readonly Entry[],
): { readonly purpose: LogReadPurpose | undefined; readonly current: readonly Entry[] } {
  const purpose = server.logReadPurposes.get(logReadId);
  server.logReadPurposes.delete(logReadId);
  const areCurrent = entries.every((entry) => server.log.contains(entry));
  return { purpose, current: areCurrent ? entries : [] };
}
