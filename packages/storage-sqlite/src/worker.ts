// The thread that a store's database lives in. SQLite's calls return when the disk has answered, so they must not run where
// heartbeats are sent from. Requests are answered one after the other, in their order.

import { parentPort, workerData } from "node:worker_threads";
import type { ErrorFacts } from "@quorate/contracts";
import { logCorrupt, snapshotCorrupt } from "./errors.ts";
import { LogEngine } from "./log-engine.ts";
import type { LogAnswer, LogOperation } from "./log-protocol.ts";
import { factsOf } from "./refusal.ts";
import { SnapshotEngine } from "./snapshot-engine.ts";
import type { SnapshotOperation } from "./snapshot-protocol.ts";

/** What a worker is started with. */
export type WorkerStart = {
  readonly engine: "log" | "snapshots";
  readonly directory: string;
  /** Path of the database, for errors. */
  readonly file: string;
  /** For tests of a full disk: pages that the database may have. */
  readonly maxPages?: number | undefined;
};

/** What a worker is asked. The first is `load`, the last is `close`. */
export type WorkerRequest =
  | { readonly type: "load" }
  | { readonly type: "log"; readonly operations: readonly LogOperation[] }
  | { readonly type: "snapshots"; readonly operation: SnapshotOperation }
  | { readonly type: "close" };

/** What it answers. */
export type WorkerAnswer = { readonly answer: unknown } | { readonly refusal: ErrorFacts };

// The one who starts this worker gives these.
const start = workerData as WorkerStart;
const damaged = start.engine === "log" ? logCorrupt : snapshotCorrupt;
let engine: LogEngine | SnapshotEngine | undefined;

parentPort?.on("message", (request: WorkerRequest) => {
  const answer = answerTo(request);
  parentPort?.postMessage(answer, buffersOf(answer));
  if (request.type === "close") parentPort?.close();
});

function answerTo(request: WorkerRequest): WorkerAnswer {
  const { file } = start;
  try {
    return { answer: perform(request) };
  } catch (error) {
    const action = request.type === "load" ? "open" : "read or write";
    const context = {
      action,
      file,
      damaged: (found: string) => damaged({ file, expected: "a sound database", found }),
    };
    return { refusal: factsOf(error, context) };
  }
}

/** The bytes that were read change hands; each read has buffers of its own. */
function buffersOf(answer: WorkerAnswer): ArrayBuffer[] {
  const content = "answer" in answer ? answer.answer : undefined;
  if (content instanceof Uint8Array) return [content.buffer as ArrayBuffer];
  if (typeof content !== "object" || content === null || !("reads" in content)) return [];
  return (content as LogAnswer).reads.map(({ bytes }) => bytes.buffer as ArrayBuffer);
}

function perform(request: WorkerRequest): unknown {
  switch (request.type) {
    case "load":
      engine = start.engine === "log" ? new LogEngine(start) : new SnapshotEngine(start);
      return engine.load();
    case "log":
      return engine instanceof LogEngine ? engine.run(request.operations) : undefined;
    case "snapshots":
      return engine instanceof SnapshotEngine ? engine.run(request.operation) : undefined;
    case "close":
      return engine?.close();
  }
}
