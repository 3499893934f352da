// Times as the page shows them.

/** Such as `3 100.5 ms`: thousands apart, and no more digits than anybody reads. */
export function milliseconds(ms: number): string {
  return `${ms.toLocaleString("en", { maximumFractionDigits: 1 }).replaceAll(",", "\u202f")} ms`;
}

/** With all digits that a trace has, as in the trace of a failure. */
export function exactMilliseconds(ms: number): string {
  return `${ms.toFixed(3)} ms`;
}
