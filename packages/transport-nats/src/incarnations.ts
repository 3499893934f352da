// Two servers that run under one name, each on a store of its own, would vote twice. The broker cannot tell them apart,
// but their messages carry the incarnation of the store: whoever was heard last keeps the name for a while.

/** Longer than any pause of a live server, short enough for a server whose disk was replaced. */
const keepMs = 6000;
/** Strangers cannot get here if the broker checks who publishes; if it does not, there is a limit nevertheless. */
const maxNames = 1024;

/** Which incarnation speaks for which server. */
export class Incarnations {
  readonly #live: Map<string, { readonly incarnation: string; heardMs: number }> = new Map();

  /** False while another incarnation of this server was heard within the last seconds. */
  admit(nodeId: string, incarnation: string, nowMs: number): boolean {
    const live = this.#live.get(nodeId);
    if (live?.incarnation === incarnation) {
      live.heardMs = nowMs;
      return true;
    }
    if (live !== undefined && nowMs - live.heardMs < keepMs) return false;
    if (live === undefined && this.#live.size >= maxNames) return false;
    this.#live.set(nodeId, { incarnation, heardMs: nowMs });
    return true;
  }
}
