// The bounds of the session table.

import { QuorateError } from "@quorate/contracts";

/**
 * Bounds of the session table. They decide what is replicated: every server of a cluster must use the same, and a change
 * needs all servers to be stopped, or two of them may answer a repetition differently.
 */
export type SessionLimits = {
  /** Sessions that are kept; opening one more ends the one that was least recently used. Default 10 000. */
  readonly maxSessions: number;
  /**
   * A session expires when it has not been used for this many entries of the log. No clock is involved: a log that does
   * not grow ages no session. Default 10 000 000.
   */
  readonly expireAfterEntries: number;
  /**
   * How far a command may be ahead of the oldest one whose answer its client still needs: the most commands that a client
   * may have under way in one session. Default 128.
   */
  readonly maxInFlight: number;
  /**
   * The largest answer that is kept, in bytes. A larger one reaches the first caller; repetitions of its command are
   * refused as `answerDiscarded`, never applied. Default 64 KiB.
   */
  readonly maxAnswerBytes: number;
  /**
   * All kept answers together, in bytes. Over it, the oldest in the order of the log are dropped, and repetitions of their
   * commands refused as `answerDiscarded`, never applied. Default 64 MiB.
   */
  readonly maxTotalAnswerBytes: number;
};

/** The default bounds. */
export const defaultSessionLimits: SessionLimits = {
  maxSessions: 10_000,
  expireAfterEntries: 10_000_000,
  maxInFlight: 128,
  maxAnswerBytes: 64 * 1024,
  maxTotalAnswerBytes: 64 * 1024 * 1024,
};

/** The given bounds over the defaults. Throws `QUORATE_CONFIG_INVALID` on bounds that cannot work. */
export function checkedLimits(limits: Partial<SessionLimits> = {}): SessionLimits {
  const checked = { ...defaultSessionLimits, ...limits };
  for (const [name, value] of Object.entries(checked)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new QuorateError({
      code: "QUORATE_CONFIG_INVALID",
      message: `the session limit ${name} is ${value}`,
      hint: "give a whole number from 1 on",
    });
  }
  return checked;
}
