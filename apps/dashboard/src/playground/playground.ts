// The state of the page: which run it shows and where in it the reader is. Views read its signals and call its methods.

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { playgroundLink, readPlaygroundLink } from "@quorate/simulator";
import { isLandmark, isRoutine } from "../run/narrate.ts";
import type { FinishedRun, RunOptions, ShownStep, WorkerReport } from "../run/report.ts";

/** What the page is doing. */
export type Phase =
  | { readonly type: "idle" }
  | { readonly type: "running"; readonly atMs: number }
  | { readonly type: "finished"; readonly run: FinishedRun }
  /** A link, or what was chosen, cannot be run. */
  | { readonly type: "refused"; readonly message: string };

/** Time between two steps while the run is played, in ms. */
const PLAY_MS = 120;

/** The playground behind the page. */
export class Playground {
  readonly phase: Signal<Phase> = signal<Phase>({ type: "idle" });
  /** Which step is shown. */
  readonly position: Signal<number> = signal(0);
  /** Whether stepping stops at heartbeats too. */
  readonly showsRoutine: Signal<boolean> = signal(false);
  readonly isPlaying: Signal<boolean> = signal(false);
  readonly run: ReadonlySignal<FinishedRun | undefined> = computed(() =>
    this.phase.value.type === "finished" ? this.phase.value.run : undefined,
  );
  readonly step: ReadonlySignal<ShownStep | undefined> = computed(() => this.run.value?.steps[this.position.value]);
  readonly #startWorker: () => Worker;
  #worker: Worker | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(startWorker: () => Worker) {
    this.#startWorker = startWorker;
  }

  /** Runs what the part of a link behind the `#` says; an empty one leaves the page as it is. */
  async open(fragment: string): Promise<void> {
    if (fragment === "" || fragment === "#") return;
    try {
      this.start(await readPlaygroundLink(fragment));
    } catch (error) {
      this.#end({ type: "refused", message: error instanceof RangeError ? error.message : String(error) });
    }
  }

  /** Runs a cluster in a worker of its own; a run that is still going on ends. */
  start(options: RunOptions): void {
    this.#end({ type: "running", atMs: 0 });
    const worker = this.#startWorker();
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerReport>) => this.#onReport(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#end({ type: "refused", message: `the run could not be carried out: ${event.message}` });
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker has no origin.
    worker.postMessage(options);
  }

  /** Gives up a run that takes too long. */
  stop(): void {
    this.#end({ type: "idle" });
  }

  /** A link that opens this run on this page. */
  async link(): Promise<string | undefined> {
    const run = this.run.value;
    if (run === undefined) return undefined;
    return playgroundLink({ ...run.settings, script: run.script }, location.href.replace(/#.*$/, ""));
  }

  /** Shows a step; beyond the ends, the first or the last. */
  seek(position: number): void {
    this.position.value = Math.max(0, Math.min(position, this.#steps.length - 1));
  }

  /** Shows the latest step at a moment, in ms of virtual time. */
  seekTime(atMs: number): void {
    const next = this.#steps.findIndex((step) => step.atMs > atMs);
    this.seek(next === -1 ? this.#steps.length - 1 : next - 1);
  }

  /** Goes to the next (1) or the previous (-1) step that is worth a stop. */
  walk(direction: 1 | -1): void {
    this.#walk(direction, (step) => this.showsRoutine.value || !isRoutine(step));
  }

  /** Goes to the next or the previous fault, or change of a role. */
  leap(direction: 1 | -1): void {
    this.#walk(direction, isLandmark);
  }

  /** Begins to walk by itself, or stops. */
  togglePlay(): void {
    if (this.isPlaying.value) this.#pause();
    else {
      this.isPlaying.value = true;
      this.#timer = setInterval(() => this.#playOn(), PLAY_MS);
    }
  }

  get #steps(): readonly ShownStep[] {
    return this.run.value?.steps ?? [];
  }

  #playOn(): void {
    this.walk(1);
    if (this.position.value >= this.#steps.length - 1) this.#pause();
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.isPlaying.value = false;
  }

  #walk(direction: 1 | -1, isStop: (step: ShownStep) => boolean): void {
    const steps = this.#steps;
    let position = this.position.value + direction;
    for (let step = steps[position]; step !== undefined && !isStop(step); step = steps[position]) position += direction;
    this.seek(position);
  }

  #onReport(report: WorkerReport): void {
    switch (report.type) {
      case "progress":
        this.phase.value = { type: "running", atMs: report.atMs };
        return;
      case "refused":
        this.#end(report);
        return;
      case "finished":
        this.#end(report);
        // A broken run is read from its end, another from its beginning.
        this.seek(report.run.outcome.type === "broken" ? Infinity : 0);
    }
  }

  #end(phase: Phase): void {
    this.#pause();
    this.#worker?.terminate();
    this.#worker = undefined;
    this.position.value = 0;
    this.phase.value = phase;
  }
}
