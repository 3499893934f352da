// Counts how often a piece of work gets done in a second.

/** Repeats `work` for at least `sampleMs`; `unitsPerCall` says how much one call does. */
export function ratePerSecond(work: () => void, sampleMs: number, unitsPerCall = 1): number {
  const start = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  // The clock is looked at once per ten calls, so that looking at it is not what is measured.
  while (elapsedMs < sampleMs) {
    for (let call = 0; call < 10; call += 1) work();
    calls += 10;
    elapsedMs = performance.now() - start;
  }
  return (calls * unitsPerCall * 1000) / elapsedMs;
}

/** The same for work that is awaited. */
export async function asyncRatePerSecond(
  work: () => Promise<void>,
  sampleMs: number,
  unitsPerCall = 1,
): Promise<number> {
  const start = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < sampleMs) {
    await work();
    calls += 1;
    elapsedMs = performance.now() - start;
  }
  return (calls * unitsPerCall * 1000) / elapsedMs;
}
