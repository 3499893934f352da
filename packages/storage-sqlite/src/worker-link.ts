// The main thread's end of a worker: requests go out, answers come back in the same order, and a worker that ends before it was
// told to is a failure like any other. It keeps the process running only while somebody waits for an answer.

import { Worker } from "node:worker_threads";
import { type ErrorFacts, QuorateError } from "@quorate/contracts";
import { closed, failedWith } from "./errors.ts";
import type { WorkerAnswer, WorkerRequest, WorkerStart } from "./worker.ts";

type Waiting = { readonly resolve: (answer: unknown) => void; readonly reject: (error: unknown) => void };

export class WorkerLink {
  readonly #start: WorkerStart;
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<void>;
  #end: ErrorFacts | undefined;

  constructor(start: WorkerStart) {
    this.#start = start;
    // Compiled or not, the worker is the file beside this one.
    const file = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
    this.#worker = new Worker(file, { workerData: start, name: `quorate ${start.engine}` });
    this.#worker.unref();
    this.#worker.on("message", (answer: WorkerAnswer) => this.#onAnswer(answer));
    this.#worker.on("error", (cause) => this.#onEnd(failedWith(cause, { action: "use", path: start.file })));
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#onEnd(closed(start.file));
        resolve();
      });
    });
  }

  /** Opens the database; if that fails, nothing stays open. */
  async load(): Promise<unknown> {
    try {
      return await this.request({ type: "load" });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Asks the worker; rejects with what it refuses. */
  request(request: WorkerRequest, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#end !== undefined) return Promise.reject(new QuorateError(this.#end));
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  /** Resolves when the database is closed and the worker has ended. */
  async close(): Promise<void> {
    await this.request({ type: "close" }).catch(() => undefined);
    this.#worker.ref();
    await this.#ended;
  }

  #onAnswer(answer: WorkerAnswer): void {
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker.unref();
    if ("answer" in answer) waiting?.resolve(answer.answer);
    else waiting?.reject(new QuorateError(answer.refusal));
  }

  #onEnd(facts: ErrorFacts): void {
    this.#end ??= facts;
    const { code } = this.#end;
    // Nobody is told to close what was asked to work: an end that was not asked for is a failure.
    const told = code === "QUORATE_CLOSED" ? failedWith(new Error("its thread ended"), this.#context) : this.#end;
    for (const { reject } of this.#waiting.splice(0)) reject(new QuorateError(told));
  }

  get #context(): { readonly action: string; readonly path: string } {
    return { action: "go on with", path: this.#start.file };
  }
}
