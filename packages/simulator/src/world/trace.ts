// What happened, folded into one number, with the latest events kept for the report of a failure. Two runs with the same
// hash have seen the same events at the same times.

/** How many of the latest events a failure shows. */
const KEPT_EVENTS = 120;

/** One event. */
export type Note = {
  readonly atMs: number;
  readonly kind: string;
  readonly subject: string;
  readonly number: number;
  readonly detail: unknown;
};

/** The story of a run. */
export class Trace {
  #low = 0x811c9dc5 | 0;
  #high = 0x2545f491 | 0;
  #events = 0;
  readonly #codes = new Map<string, number>();
  readonly #latest: Note[] = [];
  /** Told of every event as it is noted. */
  onNote: ((note: Note) => void) | undefined;

  /** How many events were noted. */
  get events(): number {
    return this.#events;
  }

  /** Notes one event. `number` and the strings go into the hash; `detail` only into the report. */
  note(atMs: number, kind: string, subject: string, number = 0, detail?: unknown): void {
    this.#fold(Math.round(atMs * 1000) | 0);
    this.#fold(this.#codeOf(kind));
    this.#fold(this.#codeOf(subject));
    this.#fold(number | 0);
    const noted = { atMs, kind, subject, number, detail: detail ?? number };
    this.#latest[this.#events % KEPT_EVENTS] = noted;
    this.#events += 1;
    this.onNote?.(noted);
  }

  /** Sixteen hexadecimal digits. */
  hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** The latest events, oldest first, one a line. */
  describeLatest(count: number = KEPT_EVENTS): readonly string[] {
    const split = this.#events % KEPT_EVENTS;
    const ordered = [...this.#latest.slice(split), ...this.#latest.slice(0, split)];
    return ordered.slice(-count).map((note) => `${note.atMs.toFixed(3).padStart(11)} ms  ${describeNote(note)}`);
  }

  #fold(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ (this.#low >>> 15) ^ value, 0x85ebca6b);
  }

  #codeOf(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size + 1;
      this.#codes.set(text, code);
    }
    return code;
  }
}

/** An event in one line, without its time. */
export function describeNote({ kind, subject, detail }: Note): string {
  return `${kind.padEnd(12)} ${subject.padEnd(8)} ${describeDetail(detail)}`;
}

function describeDetail(detail: unknown): string {
  if (typeof detail !== "object" || detail === null) return describeValue(detail);
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${describeValue(value)}`)
    .join(" ");
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describeEntry).join(" ")}]`;
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
}

/** Entries as index:term, because their bytes say nothing to a reader. */
function describeEntry(item: unknown): string {
  if (typeof item !== "object" || item === null || !("index" in item && "term" in item)) return describeValue(item);
  return `${describeValue(item.index)}:${describeValue(item.term)}`;
}
