// Everything that is wrong with a configuration, collected before anything is reported: one start shows all mistakes.

import { QuorateError } from "@quorate/contracts";

/** One mistake: where, what, and what to do. */
export type Problem = {
  readonly code: string;
  /** Path of the key, such as `members.n1.peer`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
};

/** Collects mistakes. */
export class Problems {
  readonly #list: Problem[] = [];

  get count(): number {
    return this.#list.length;
  }

  add(path: string, message: string, hint: string, code = "QUORATE_CONFIG_INVALID"): void {
    this.#list.push({ code, path, message, hint });
  }

  /** Throws one error for all mistakes; its code is that of the first. */
  throwIfAny(source: string): void {
    const first = this.#list[0];
    if (first === undefined) return;
    const lines = this.#list.map((problem) =>
      problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`,
    );
    const hints = [...new Set(this.#list.map((problem) => problem.hint))];
    throw new QuorateError({
      code: first.code,
      message:
        lines.length === 1 ? `${source}: ${lines[0]}` : `${source}: ${lines.length} mistakes\n  ${lines.join("\n  ")}`,
      hint: hints.join("\n"),
      details: { problems: this.#list },
    });
  }
}
