// One server process: started from a configuration file, watched for its `ready` line, signalled, and never left behind.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { QuorateError } from "@quorate/contracts";
import type { FaultCounts } from "@quorate/memory";
import { killWithParent } from "@quorate/transport-nats/test-server";
import { type NetworkRequest, parseAnswer } from "./network.ts";

/** How to start a server: program and arguments before `start --config FILE`. */
export type ServerCommand = readonly [program: string, ...args: readonly string[]];

/** How a process ended. */
export type ExitStatus = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
};

/** Lines of output that are kept to explain a failure. */
const keptLines = 30;

/** A running or ended server process. */
export class NodeProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<ExitStatus>();
  readonly #name: string;
  /** Answers come in the order of what was asked. */
  readonly #awaiting: ((counts: FaultCounts) => void)[] = [];
  #running = true;
  #paused = false;

  constructor(name: string, command: ServerCommand, configFile: string) {
    const [program, ...args] = command;
    this.#name = name;
    this.#child = spawn(program, [...args, "start", "--config", configFile], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    killWithParent(this.#child);
    // Whoever does not wait for readiness must not be ended by its rejection.
    this.#ready.promise.catch(() => {});
    this.#child.once("error", (error) => this.#onEnd({ code: null, signal: null }, error));
    this.#child.once("close", (code, signal) => this.#onEnd({ code, signal }));
    this.#child.on("message", (answer) => this.#awaiting.shift()?.(parseAnswer(answer)));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#onLine(line));
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  get paused(): boolean {
    return this.#running && this.#paused;
  }

  /** Resolves when the node answers requests; rejects if it ends before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get exited(): Promise<ExitStatus> {
    return this.#exited.promise;
  }

  /** The last lines that the process printed. */
  get output(): string {
    return this.#lines.join("\n");
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  pause(): void {
    this.kill("SIGSTOP");
    this.#paused = true;
  }

  resume(): void {
    this.kill("SIGCONT");
    this.#paused = false;
  }

  /** Whether an answer is still to come. */
  get isAsked(): boolean {
    return this.#awaiting.length > 0;
  }

  /** Tells a node of the demo about its network; resolves with its faults so far, or undefined if it ended. */
  tell(request: NetworkRequest): Promise<FaultCounts | undefined> {
    const { promise, resolve } = Promise.withResolvers<FaultCounts | undefined>();
    this.#awaiting.push(resolve);
    // Whoever is ending has no channel any more; that it ended is known in a moment.
    if (this.#running) this.#child.send(request, () => {});
    return Promise.race([promise, this.exited.then(() => undefined)]);
  }

  #onLine(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
    if (isReadyLine(line)) this.#ready.resolve();
  }

  #onEnd(status: ExitStatus, cause?: Error): void {
    if (!this.#running) return;
    this.#running = false;
    this.#ready.reject(
      new QuorateError({
        code: "QUORATE_DEMO_NODE_ENDED",
        message: `${this.#name} ended (${describeExit(status)}) before it was ready.\n${this.output}`,
        hint: "Its last output is above.",
        cause,
      }),
    );
    this.#exited.resolve(status);
  }
}

/** How a process ended, in words. */
export function describeExit({ code, signal }: ExitStatus): string {
  return signal === null ? `exit code ${code ?? "unknown"}` : signal;
}

/** Whether a line of the structured log says that the node answers requests. */
export function isReadyLine(line: string): boolean {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null && "msg" in entry && entry.msg === "ready";
  } catch {
    return false;
  }
}
