// Who is really speaking? A peer that comes back with another store has forgotten its votes and acknowledgements, so what
// it says must not be counted with what it said before.

import type { IgnoredReason } from "./events.ts";
import { Progress } from "./progress.ts";
import type { Leader, Server } from "./server.ts";
import { incarnationOf, speaksFor } from "./server-records.ts";
import type { NodeId } from "./types.ts";

/** The progress that an answer from this store counts for, or why it does not count. */
export function progressFor(
  server: Server,
  leader: Leader,
  speaker: { readonly peer: NodeId; readonly incarnation: string | undefined },
): Progress | IgnoredReason {
  const { peer, incarnation } = speaker;
  const progress = leader.peers.get(peer);
  if (progress === undefined) return "unknownSender";
  if (!speaksFor(server.configuration, peer, incarnation)) {
    if (incarnation !== undefined) noteStranger(server, { peer, incarnation, progress });
    return "strangeStore";
  }
  // A learner may change its store: nobody counts on it yet. It starts again.
  const isSame = progress.incarnation === undefined || progress.incarnation === incarnation;
  const current = isSame ? progress : new Progress(server.log.lastIndex + 1, server.now);
  current.incarnation = incarnation;
  // A stranger that has got its place is none any more.
  if (current.stranger === incarnation) current.stranger = undefined;
  leader.peers.set(peer, current);
  return current;
}

/**
 * Another store speaks under the peer's name. It may be the peer's new one, or a late message of one that is long gone: what
 * is known of the store that counts stays until the stranger has its place.
 */
function noteStranger(
  server: Server,
  { peer, incarnation, progress }: { readonly peer: NodeId; readonly incarnation: string; readonly progress: Progress },
): void {
  progress.strangerHeardAt = server.now;
  if (progress.stranger === incarnation) return;
  progress.stranger = incarnation;
  server.emit({ type: "storeReplaced", peer, incarnation, expected: incarnationOf(server.configuration, peer) });
}
