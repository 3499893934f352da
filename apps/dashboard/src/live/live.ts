// The state of the cluster page: what the demo last said, how the connection stands, what was refused. Views read its signals
// and send commands through it.

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Command, Frame, Sections } from "@quorate/counter/demo/page/protocol";
import type { ConnectionState } from "./connection.ts";
import { detailOf } from "./problem.ts";

/** The header that carries the token of the run. */
const tokenHeader = "quorate-token";

/** What the page needs to talk to the demo. */
export type LiveParts = {
  readonly token: string;
  /** `fetch`, or something like it. */
  readonly request: (path: string, init: RequestInit) => Promise<Response>;
};

/** The cluster behind the page. */
export class Live {
  readonly connection: Signal<ConnectionState> = signal<ConnectionState>({ type: "connecting" });
  /** Everything that the demo has said; undefined before the first frame. */
  readonly sections: Signal<Sections | undefined> = signal<Sections | undefined>(undefined);
  /** Why the last command was not carried out. */
  readonly refusal: Signal<string | undefined> = signal<string | undefined>(undefined);
  /** Whether commands make sense: the picture is true, and the run goes on. */
  readonly canAct: ReadonlySignal<boolean> = computed(
    () => this.connection.value.type === "live" && this.sections.value?.run.phase === "running",
  );
  readonly #parts: LiveParts;
  /** By how much the clock of the demo is ahead of this page's, in ms. */
  #aheadMs = 0;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** Asks for the stream of frames. */
  openStream(abort: AbortSignal): Promise<Response> {
    return this.#parts.request("api/frames", { headers: this.#headers, cache: "no-store", signal: abort });
  }

  /** Takes a frame: its sections replace those of before. */
  take({ seq: _seq, atMs, ...news }: Frame): void {
    this.#aheadMs = atMs - performance.now();
    // The first frame of a stream has all sections.
    this.sections.value = { ...this.sections.value, ...news } as Sections;
  }

  /** The time by the demo's clock, in ms. */
  nowMs(): number {
    return performance.now() + this.#aheadMs;
  }

  /** Asks the demo to do something; a refusal shows on the page. Resolves with whether it was done. */
  async send(command: Command): Promise<boolean> {
    try {
      const headers = { ...this.#headers, "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify(command) };
      const response = await this.#parts.request("api/commands", init);
      this.refusal.value = response.ok ? undefined : await detailOf(response);
      return response.ok;
    } catch {
      this.refusal.value = "The demo does not answer.";
      return false;
    }
  }

  get #headers(): Readonly<Record<string, string>> {
    return { [tokenHeader]: this.#parts.token };
  }
}
