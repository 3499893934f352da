// Waiting that can be cut short, so that closing is never delayed by a timer and no timer outlives it.

/** Pauses that end early when their owner is closed. */
export class Pause {
  readonly #wake: Set<() => void> = new Set();
  #isCancelled = false;

  /** Resolves after `ms`, or when `cancel` is called. */
  for(ms: number): Promise<void> {
    if (this.#isCancelled) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake.add(wake);
    });
  }

  /** Called when `cancel` is, once. */
  onCancel(callback: () => void): void {
    this.#wake.add(callback);
  }

  /** Ends every pause, now and later. */
  cancel(): void {
    this.#isCancelled = true;
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }
}

/** The promise's value, or `otherwise` if it does not come within `ms`. */
export async function within<Value>(promise: Promise<Value>, ms: number, otherwise: Value): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<Value>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
