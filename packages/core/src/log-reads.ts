// Entries that are no longer in memory. The core does not wait for the disk: it asks the driver, goes on, and takes what
// comes back as an input, if it is still of use then.

import type { LogReadPurpose, Server } from "./server.ts";
import type { Entry } from "./types.ts";

/** Bytes of entries that stay in memory when every peer has them: the peers of the next leader may lag a little. */
const SPARE_BYTES = 64 * 1024;

/**
 * Forgets entries that are durable and applied here. What every peer has goes soon, because memory that is given back young
 * costs least; what a peer still lacks stays as far as the limit allows.
 */
export function forgetEntries(server: Server): void {
  const { maxCachedBytes } = server.options.limits;
  const unneededHere = Math.min(server.lastApplied, server.durability.durableIndex);
  server.log.evict(Math.min(unneededHere, lackedByNobody(server)), Math.min(SPARE_BYTES, maxCachedBytes));
  server.log.evict(unneededHere, maxCachedBytes);
}

/** Only a leader sends entries. */
function lackedByNobody({ role }: Server): number {
  if (role.name !== "leader") return Number.POSITIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  for (const { matchIndex } of role.peers.values()) least = Math.min(least, matchIndex);
  return least;
}

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

/** What a finished read was for, and its entries; none if they do not follow each other or are no longer in the log. */
export function finishLogRead(
  server: Server,
  logReadId: number,
  entries: readonly Entry[],
): { readonly purpose: LogReadPurpose | undefined; readonly current: readonly Entry[] } {
  const purpose = server.logReadPurposes.get(logReadId);
  server.logReadPurposes.delete(logReadId);
  const first = entries[0]?.index ?? 0;
  // A gap must not travel on, to a peer or to the state machine, whatever the storage did.
  const areCurrent = entries.every((entry, place) => entry.index === first + place && server.log.contains(entry));
  return { purpose, current: areCurrent ? entries : [] };
}
