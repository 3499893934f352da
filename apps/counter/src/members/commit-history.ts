// When what was committed: enough to say for how long a member has been behind, not more. Noted while the node leads.

type Moment = { readonly index: number; readonly atMs: number };

/** Moments that are remembered, and the least time between two of them: a minute at least. */
const maxMoments = 600;
const spacingMs = 100;

/** The latest moments at which the commit index moved. */
export class CommitHistory {
  #moments: Moment[] = [];

  /** The commit index stands at `index` now. What comes faster than the spacing is remembered as one moment. */
  note(index: number, nowMs: number): void {
    const last = this.#moments.at(-1);
    if (last !== undefined && nowMs - last.atMs < spacingMs) {
      this.#moments[this.#moments.length - 1] = { index, atMs: last.atMs };
      return;
    }
    this.#moments.push({ index, atMs: nowMs });
    if (this.#moments.length > maxMoments) this.#moments = this.#moments.slice(-maxMoments / 2);
  }

  /** How long ago the entry at `index` was committed, in ms; undefined if that is not remembered. */
  msSince(index: number, nowMs: number): number | undefined {
    const at = this.#moments.findIndex((moment) => moment.index >= index);
    const moment = this.#moments[at];
    // The first moment that is remembered stands for everything before it as well.
    if (moment === undefined || at === 0) return undefined;
    return Math.round(nowMs - moment.atMs);
  }

  /** Another node leads: what it commits is not seen here when it happens. */
  forget(): void {
    this.#moments = [];
  }
}
