// What the demo tells while it runs, independent of where it is shown.

/** What a line is about: something that was done to the cluster, its repair, a new leader, or anything else. */
export type StoryKind = "fault" | "repair" | "leader" | "note";

/** Receives what happens. */
export type Story = {
  /** One event, in one line. `kind` is `note` if left out. */
  tell(line: string, kind?: StoryKind): void;
};

/** Time of day with milliseconds, as events are stamped. */
export function timeOfDay(date: Date = new Date()): string {
  return date.toTimeString().slice(0, 8) + date.toISOString().slice(19, 23);
}

/** An event with its time. */
export type ToldEvent = {
  /** Monotonic, in ms. */
  readonly atMs: number;
  readonly time: string;
  readonly kind: StoryKind;
  readonly text: string;
};

/** How many events are kept: more than any screen shows. */
const keptEvents = 500;

/** Collects events for those who show them, and passes them on. */
export class EventList implements Story {
  #events: readonly ToldEvent[] = [];
  readonly #next: Story | undefined;

  constructor(next?: Story) {
    this.#next = next;
  }

  /** The latest ones, in the order of time. */
  get events(): readonly ToldEvent[] {
    return this.#events;
  }

  tell(text: string, kind: StoryKind = "note"): void {
    const event: ToldEvent = { atMs: performance.now(), time: timeOfDay(), kind, text };
    this.#events = [...this.#events, event].slice(-keptEvents);
    this.#next?.tell(text, kind);
  }
}
