// The writer as a process, and what it has acknowledged.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The latest of each kind that was acknowledged, of all processes on one directory. */
export type Acknowledged = { entry: number; snapshot: number; base: number };

const program = fileURLToPath(new URL("./writer.ts", import.meta.url));

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

export class WriterProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #ready = Promise.withResolvers<void>();
  #errors = "";

  constructor(directory: string, acknowledged: Acknowledged) {
    this.#child = spawn(process.execPath, ["--conditions=quorate-source", program, directory], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    living.add(this.#child);
    this.#ended = once(this.#child, "close");
    this.#ready.promise.catch(() => {});
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => this.#onLine(line, acknowledged));
    }
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-2000);
    });
    this.#child.once("close", () => {
      living.delete(this.#child);
      this.#ready.reject(new Error(`the writer ended before it was ready:\n${this.#errors}`));
    });
  }

  /** Resolves when it has loaded the directory and writes. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when everything that it had said has been read. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #onLine(line: string, acknowledged: Acknowledged): void {
    const [what, index] = line.split(" ");
    if (what === "ready") this.#ready.resolve();
    if (what === "entry" || what === "snapshot" || what === "base") {
      acknowledged[what] = Math.max(acknowledged[what], Number(index));
    }
  }
}
