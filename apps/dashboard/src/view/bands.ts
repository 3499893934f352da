// The stretches of time in which a node was the same thing in the same term.

/** What a node can be. `away` is everything in which it does not take part. */
export type BandKind = "leads" | "campaigns" | "follows" | "away";

/** From a moment on, a node was this. */
export type Change = { readonly atMs: number; readonly kind: BandKind; readonly term: number };

/** What a node was for a while. */
export type Band = {
  readonly kind: BandKind;
  readonly term: number;
  readonly fromMs: number;
  readonly untilMs: number;
};

/** The bands of one node, from its changes in the order of time; a change to the same is none. */
export function bandsOf(changes: readonly Change[], endMs: number): readonly Band[] {
  const bands: Band[] = [];
  for (const { atMs, kind, term } of changes) {
    const last = bands.at(-1);
    if (last?.kind === kind && last.term === term) continue;
    if (last !== undefined) bands[bands.length - 1] = { ...last, untilMs: atMs };
    bands.push({ kind, term, fromMs: atMs, untilMs: endMs });
  }
  return bands;
}
