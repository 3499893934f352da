// What the demo tells while it runs, independent of where it is shown.

/** Receives what happens. */
export type Story = {
  /** One event, in one line. */
  tell(line: string): void;
};

/** Time of day with milliseconds, as events are stamped. */
export function timeOfDay(date: Date = new Date()): string {
  return date.toTimeString().slice(0, 8) + date.toISOString().slice(19, 23);
}
