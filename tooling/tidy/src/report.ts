// Turns findings into the text of a failing test: one line each, ready to be clicked.
import type { Finding } from "./rule.ts";

export function describeFinding({ path, line, message }: Finding): string {
  return `${path}:${line} ${message}`;
}

/** Throws with all lines if there are any. */
export function expectNone(lines: readonly string[]): void {
  if (lines.length > 0) throw new Error(`\n${lines.join("\n")}\n`);
}
