// A real broker for tests and demos: a nats-server process on a free loopback port that can be killed, stopped in its
// tracks and started again at the same address, and that never outlives this process, even if that is killed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { QuorateError } from "@quorate/contracts";
import { findNatsServer, type FindOptions } from "./find-nats-server.ts";
import { killWithParent } from "./kill-with-parent.ts";

export { findNatsServer } from "./find-nats-server.ts";
export type { FindOptions } from "./find-nats-server.ts";
export { killWithParent } from "./kill-with-parent.ts";

/** How to start a broker. */
export type NatsServerOptions = FindOptions & {
  /** Text of a configuration file, such as `max_payload: 65536`; the port is set besides it. */
  readonly config?: string;
};

const readyWithinMs = 20_000;
/**
 * Below the range from which systems take the local ports of outgoing connections: a client that dials a port of that
 * range while the broker is away may be connected to itself.
 */
const lowestPort = 15_000;
const highestPort = 31_999;
/** Lines of output that are kept to explain a failure. */
const keptLines = 20;

/** A broker that this process started. `await using` ends it. */
export class NatsServer {
  readonly #program: string;
  readonly #directory: string;
  #port = 0;
  #child: ChildProcess | undefined;

  private constructor(program: string, directory: string) {
    this.#program = program;
    this.#directory = directory;
  }

  /** Starts a broker and resolves when it accepts connections. Rejects with `QUORATE_NATS_SERVER_MISSING` if there is none. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const program = await findNatsServer(options);
    const server = new NatsServer(program, await mkdtemp(join(tmpdir(), "quorate-nats-")));
    try {
      await server.configure(options.config ?? "");
      await server.#startOnFreePort();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Replaces the configuration; it counts from the next start on. */
  async configure(config: string): Promise<void> {
    await writeFile(join(this.#directory, "nats.conf"), `${config}\n`);
  }

  /** Ends the process with SIGKILL, or as given, and resolves when it has ended. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
  }

  /** Starts it again at the same address; resolves when it accepts connections. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#run(this.#port);
  }

  /** Stops it in the middle of whatever it does: connections stay open, nothing moves. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends the process and removes its files. Idempotent. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #startOnFreePort(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort + 1));
      try {
        await this.#run(port);
        this.#port = port;
        return;
      } catch (error) {
        const isTaken = error instanceof Error && error.message.includes("address already in use");
        if (!isTaken || tries >= 50) throw error;
      }
    }
  }

  async #run(port: number): Promise<void> {
    const args = ["-c", join(this.#directory, "nats.conf"), "-a", "127.0.0.1", "-p", String(port)];
    const child = spawn(this.#program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    killWithParent(child);
    const lines: string[] = [];
    const ready = Promise.withResolvers<void>();
    const fail = (problem: string, cause?: unknown) =>
      ready.reject(notStarted(`${problem}\n${lines.join("\n")}`, cause));
    const timer = setTimeout(() => fail(`nats-server was not ready within ${readyWithinMs} ms.`), readyWithinMs);
    child.once("error", (error) => fail(`nats-server did not start: ${error.message}.`, error));
    child.once("close", (code, signal) => {
      fail(`nats-server ended with ${signal ?? `exit code ${code}`}.`);
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      if (line.includes("Server is ready")) ready.resolve();
    });
    try {
      await ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

function notStarted(message: string, cause: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_NATS_SERVER_MISSING",
    message,
    hint: "The last lines of its output are above.",
    cause,
  });
}
