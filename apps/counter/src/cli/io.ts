// What the command line touches of its process, so that tests can run it without one.

import type { FetchFunction } from "@quorate/client";

/** Where the command line reads and writes. */
export type CliIo = {
  /** Data: what a script reads. */
  stdout(text: string): void;
  /** Talk: errors and hints for people. */
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True if stdout is a terminal that shows colours. */
  readonly isTerminal: boolean;
  /** Default: the global `fetch`. */
  readonly fetch?: FetchFunction;
  /** Runs a node until it is told to stop; resolves with the exit code. */
  startNode(file: string | undefined, flags: Readonly<Record<string, unknown>>): Promise<number>;
};

/** True if output may be coloured: a terminal, and nobody asked for plain text (https://no-color.org). */
export function usesColor(io: CliIo): boolean {
  const { NO_COLOR } = io.env;
  return io.isTerminal && (NO_COLOR === undefined || NO_COLOR === "");
}

/** What requests are sent with. */
export function fetchOf(io: CliIo): FetchFunction {
  return io.fetch ?? ((url, init) => fetch(url, init));
}
