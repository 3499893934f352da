// Keeps the page connected to the demo: reads frames, notices silence, tries again, and says how it stands, because a picture
// that is no longer true must not look as if it were.

import type { Frame } from "@quorate/counter/demo/page/protocol";
import { eventsOf } from "./event-stream.ts";
import { detailOf } from "./problem.ts";

/** How the page stands with the demo. */
export type ConnectionState =
  | { readonly type: "connecting" }
  | { readonly type: "live" }
  /** Nothing arrives; the page tries again by itself. */
  | { readonly type: "reconnecting" }
  /** The demo does not let this page in. */
  | { readonly type: "refused"; readonly reason: string }
  /** The run has ended, and everything has been said. */
  | { readonly type: "ended" };

/** Without a sign of life for this long, the connection counts as dead; the demo gives one every second. */
export const SILENCE_MS = 4000;
/** Pauses before further attempts grow from the first to the second. */
export const RETRY_MS = [250, 2000] as const;

/** What a connection needs. */
export type ConnectionParts = {
  /** Asks for the stream. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: ConnectionState) => void;
  /** Calls back after a while, until the function that it returns is called. */
  readonly schedule: (callback: () => void, ms: number) => () => void;
};

/** A connection that mends itself. */
export class Connection {
  readonly #parts: ConnectionParts;
  #failures = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** Connects, and stays connected until the run has ended or the demo refuses. */
  start(): void {
    this.#parts.onState({ type: "connecting" });
    void this.#attempt();
  }

  async #attempt(): Promise<void> {
    const { onState, schedule } = this.#parts;
    const end = await this.#read();
    if (end !== undefined) {
      onState(end);
      return;
    }
    onState({ type: "reconnecting" });
    const [first, longest] = RETRY_MS;
    const pauseMs = Math.min(longest, first * 2 ** this.#failures);
    this.#failures += 1;
    schedule(() => void this.#attempt(), pauseMs);
  }

  /** Reads one stream to its end. Resolves with the state that this leads to; undefined: another attempt makes sense. */
  async #read(): Promise<ConnectionState | undefined> {
    const abort = new AbortController();
    let stopWaiting = this.#parts.schedule(() => abort.abort(), SILENCE_MS);
    let lastSeq = 0;
    let isOver = false;
    try {
      const response = await this.#parts.open(abort.signal);
      if (response.status === 401 || response.status === 403)
        return { type: "refused", reason: await detailOf(response) };
      if (!response.ok || response.body === null) return undefined;
      for await (const arrival of eventsOf(response.body)) {
        stopWaiting();
        stopWaiting = this.#parts.schedule(() => abort.abort(), SILENCE_MS);
        if (arrival.type === "heartbeat") continue;
        const frame = parseFrame(arrival.text);
        // A stream with a hole does not say what has changed: the next one begins with everything.
        if (frame.seq !== lastSeq + 1) return undefined;
        lastSeq = frame.seq;
        this.#failures = 0;
        this.#parts.onFrame(frame);
        this.#parts.onState({ type: "live" });
        if (frame.verdict !== undefined && frame.verdict !== null) isOver = true;
      }
    } catch {
      // A connection that breaks off is nothing special: the state says so.
    } finally {
      stopWaiting();
      abort.abort();
    }
    return isOver ? { type: "ended" } : undefined;
  }
}

/** The demo that serves this page writes what it reads: both come from one build. */
function parseFrame(text: string): Frame {
  return JSON.parse(text) as Frame;
}
