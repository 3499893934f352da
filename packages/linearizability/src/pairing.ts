// From events to operations: every completion finds its invocation, and what cannot be is refused with its line.

import { type Action, type HistoryEvent, HistoryError, type Operation, type Outcome } from "./history.ts";
import { canonicalText, isNestedAtMost, type Json } from "./json.ts";
import type { Model } from "./model.ts";

const deepest = 100;
const unknown: Outcome = { kind: "unknown" };

type Shapes = Pick<Model<never>, "problemWithCall" | "problemWithResult">;
type Open = { readonly event: HistoryEvent; readonly position: number; readonly line: number };

/** Collects events one by one; throws `HistoryError` at the first that does not fit. */
export class Pairing {
  readonly #shapes: Shapes;
  readonly #open = new Map<number, Open>();
  readonly #operations: Operation[] = [];
  #position = 0;

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  /** Takes the next event; `line` is where to point if it is wrong. */
  add(event: HistoryEvent, line: number): void {
    this.#position += 1;
    if (!isNestedAtMost(event.value, deepest))
      throw new HistoryError(line, `value is nested more than ${deepest} deep`);
    const open = this.#open.get(event.process);
    if (event.type === "invoke") this.#invoke(event, line, open);
    else this.#complete(event, line, open);
  }

  /** The operations in the order of their calls; what is still open has an unknown outcome. */
  finish(): readonly Operation[] {
    for (const open of this.#open.values()) this.#push(open, undefined, unknown);
    this.#open.clear();
    return this.#operations.toSorted((one, other) => one.called - other.called);
  }

  #invoke(event: HistoryEvent, line: number, open: Open | undefined): void {
    if (open !== undefined) {
      const earlier = `${open.event.f} of line ${open.line}`;
      throw new HistoryError(line, `process ${event.process} invokes ${event.f} while its ${earlier} is still open`);
    }
    const problem = this.#shapes.problemWithCall?.(event.f, event.value);
    if (problem !== undefined) throw new HistoryError(line, problem);
    this.#open.set(event.process, { event, position: this.#position, line });
  }

  #complete(event: HistoryEvent, line: number, open: Open | undefined): void {
    if (open === undefined) {
      throw new HistoryError(line, `process ${event.process} completes ${event.f} (${event.type}) without an invoke`);
    }
    const { f, key, value } = open.event;
    if (event.f !== f) {
      throw new HistoryError(line, `process ${event.process} completes ${event.f}, but line ${open.line} invoked ${f}`);
    }
    if (event.key !== undefined && event.key !== key) {
      const invoked = key === undefined ? "no key" : `key ${JSON.stringify(key)}`;
      throw new HistoryError(
        line,
        `key is ${JSON.stringify(event.key)}, but line ${open.line} invoked with ${invoked}`,
      );
    }
    this.#open.delete(event.process);
    if (event.type === "ok") {
      const problem = this.#shapes.problemWithResult?.(f, value, event.value);
      if (problem !== undefined) throw new HistoryError(line, problem);
      this.#push(open, this.#position, { kind: "ok", value: event.value });
    } else if (event.type === "fail") this.#push(open, this.#position, { kind: "fail" });
    else this.#push(open, undefined, unknown);
  }

  #push({ event, position }: Open, returned: number | undefined, outcome: Outcome): void {
    const { process, f, key, value: input } = event;
    this.#operations.push({ process, f, key, input, outcome, called: position, returned });
  }
}

/** The operations of a history; throws `HistoryError` with the position of the first event that does not fit. */
export function pairOperations(events: readonly HistoryEvent[], shapes: Shapes): readonly Operation[] {
  const pairing = new Pairing(shapes);
  for (const [index, event] of events.entries()) pairing.add(event, index + 1);
  return pairing.finish();
}

/** A text that two actions share exactly if they are equal. */
export function actionText({ f, input, outcome }: Action): string {
  const result = outcome.kind === "ok" ? `ok:${canonicalText(outcome.value)}` : outcome.kind;
  return `${JSON.stringify(f)}(${canonicalText(input)})${result}`;
}

/** The complaint about a result that repeats its input wrongly; such results may also be left out. */
export function problemWithEcho(f: string, input: Json | undefined, result: Json | undefined): string | undefined {
  if (result === undefined || canonicalText(result) === canonicalText(input)) return undefined;
  return `ok of ${f} carries ${canonicalText(result)}, but ${canonicalText(input)} was invoked`;
}
