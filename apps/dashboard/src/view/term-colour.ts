// A colour for each term, so that the eye finds equal ones; the number always stands beside it.

/** The stylesheet says how light a term is; this says which hue. Neighbouring terms are far apart. */
export function termColour(term: number): string {
  return `oklch(var(--term-light) var(--term-chroma) ${(200 + term * 137.5) % 360})`;
}
