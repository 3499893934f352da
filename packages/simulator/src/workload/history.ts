// What clients saw, in the order in which it happened, in the shape that checkers of histories read: one event a line.

import type { Json } from "./operation.ts";

/** One event of a history. `info`: the outcome is unknown, the operation may take effect at any later time or never. */
export type HistoryEvent = {
  /** Has at most one operation open. A client whose operation ends as `info` goes on under a new number. */
  readonly process: number;
  readonly type: "invoke" | "ok" | "fail" | "info";
  readonly f: string;
  readonly key?: string;
  readonly value?: Json;
  /** Nanoseconds of virtual time. */
  readonly time: number;
};

/** Takes events down. Operations that certainly had no effect say nothing and are left out. */
export class HistoryRecorder {
  readonly #events: (HistoryEvent | undefined)[] = [];

  /** What was recorded so far, in order. */
  get events(): readonly HistoryEvent[] {
    return this.#events.filter((event) => event !== undefined);
  }

  /** Takes an event down and returns its place. */
  push(event: HistoryEvent): number {
    return this.#events.push(event) - 1;
  }

  /** Strikes an event out. */
  remove(place: number): void {
    this.#events[place] = undefined;
  }
}

/** The history as JSON lines. */
export function historyText(history: readonly HistoryEvent[]): string {
  return history.map((event) => `${JSON.stringify(event)}\n`).join("");
}
