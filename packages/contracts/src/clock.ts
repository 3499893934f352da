// Time and chance as ports: whoever supplies them decides whether a node runs in real time or in a simulator.

/** A source of monotonic time and of callbacks. Nothing in Quorate reads the wall clock. */
export type Clock = {
  /** Monotonic milliseconds from an arbitrary origin; never decreases. */
  now(): number;
  /** Calls back once, at `atMs` or later. The returned function cancels; calling it twice is harmless. */
  schedule(atMs: number, callback: () => void): () => void;
  /** Calls back once, after the inputs that are already waiting in this turn of the event loop. Cannot be cancelled. */
  defer(callback: () => void): void;
};

/** A random number, 0 inclusive to 1 exclusive. */
export type Random = () => number;
