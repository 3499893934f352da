// Writes in sessions: each takes a place, keeps it through all attempts, and gives it back. A session that the cluster does
// not know any more is replaced, and the write goes on in the new one if no attempt can have taken effect in the old one.

import { codeOf, QuorateError } from "@quorate/contracts";
import { call, type CallContext } from "../call.ts";
import type { WriteOperation } from "../operations/operation.ts";
import type { Request, SessionOperation } from "../request.ts";
import type { WriteAnswer } from "../requests.ts";
import type { Connections } from "./connections.ts";
import { SessionPool } from "./session-pool.ts";

/** How a client writes in sessions. */
export type SessionWrites = {
  /** Takes effect once. Rejects with the signal's reason, or as every call. */
  write(operation: WriteOperation, signal: AbortSignal): Promise<WriteAnswer>;
  /** Ends the sessions as far as that needs no waiting. */
  close(): void;
};

/** The session that a write lost may have answered it; this many lost ones in a row are no accident. */
const maxLostSessions = 3;

/** Sessions over the client's connections. */
export function sessionsOf(context: CallContext, connections: Connections, closing: AbortSignal): SessionWrites {
  const { clock, retry } = context.settings;
  const ask = (operation: SessionOperation): ReturnType<typeof call> =>
    call(context, sessionRequest(operation), { signal: closing });
  const end = (session: number): void => void ask({ type: "closeSession", session }).catch(() => undefined);
  const pool = new SessionPool({
    clock,
    async open() {
      const { position } = await ask({ type: "openSession" });
      // Every answer over this wire has a position; a session is named by the index of the entry that opened it.
      return { session: position?.index ?? 0, window: connections.sessionWindow };
    },
    keepAlive: (session, acknowledgedBelow) => ask({ type: "keepAlive", session, acknowledgedBelow }),
    end,
  });
  return {
    async write(operation, signal) {
      const deadlineMs = clock.now() + retry.budgetMs;
      for (let lost = 0; ; lost += 1) {
        const taken = pool.take(signal);
        const turn = taken instanceof Promise ? await taken : taken;
        const request: Request = { operation, turn, isWrite: true, isRepeatable: true, needsLeader: true };
        try {
          return { answer: await call(context, request, { signal, deadlineMs }), idempotencyKey: undefined };
        } catch (error) {
          if (codeOf(error) !== "QUORATE_SESSION_UNKNOWN") throw error;
          turn.lost();
          if (!isHarmless(error) || lost >= maxLostSessions) throw error;
        } finally {
          turn.release();
        }
      }
    },
    close() {
      for (const session of pool.sessions) end(session);
      pool.close();
    },
  };
}

/** True if the write has certainly not taken effect in the session that was lost. */
function isHarmless(error: unknown): boolean {
  return error instanceof QuorateError && error.outcome === "none";
}

function sessionRequest(operation: SessionOperation): Request {
  return { operation, isWrite: false, isRepeatable: true, needsLeader: true };
}
