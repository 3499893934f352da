// Taking a command into the log, or saying at once why not. Thesis 3.5.

import { sizeOf } from "./log.ts";
import type { ProposeResult } from "./ready.ts";
import type { Server } from "./server.ts";
import type { Entry } from "./types.ts";

/** Appends a command at the leader. Whatever is refused here will certainly not be applied. */
export function proposeCommand(server: Server, data: Uint8Array): ProposeResult {
  const leader = server.role;
  if (leader.name !== "leader") return { accepted: false, reason: "notLeader", leaderId: server.leaderId };
  const { maxCommandBytes, maxUncommittedBytes } = server.options.limits;
  if (data.byteLength > maxCommandBytes) return { accepted: false, reason: "tooLarge", leaderId: server.id };
  if (leader.transfer !== undefined) return { accepted: false, reason: "transferring", leaderId: leader.transfer.to };
  const entry: Entry = { index: server.log.lastIndex + 1, term: server.term, kind: "command", data };
  if (leader.uncommittedBytes + sizeOf(entry) > maxUncommittedBytes) {
    return { accepted: false, reason: "busy", leaderId: server.id };
  }
  server.append([entry]);
  leader.uncommittedBytes += sizeOf(entry);
  return { accepted: true, index: entry.index, term: entry.term };
}
