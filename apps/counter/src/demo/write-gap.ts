// How long writes paused: the longest silence between acknowledgements.

/**
 * The largest gap between consecutive acknowledgements that touches the window, in ms. A window that the last
 * acknowledgement does not reach ends the silence itself.
 */
export function largestGapMs(
  acknowledgedAtMs: readonly number[],
  window: { readonly fromMs: number; readonly toMs: number },
): number {
  const before = acknowledgedAtMs.findLast((atMs) => atMs <= window.fromMs) ?? window.fromMs;
  const after = acknowledgedAtMs.find((atMs) => atMs >= window.toMs) ?? window.toMs;
  const inside = acknowledgedAtMs.filter((atMs) => atMs > window.fromMs && atMs < window.toMs);
  const moments = [before, ...inside, after];
  return Math.max(...moments.slice(1).map((atMs, each) => atMs - (moments[each] ?? atMs)));
}

/** The middle value; of an even count the mean of the two in the middle. Undefined for none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper;
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}
