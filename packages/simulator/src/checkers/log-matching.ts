// If two logs have an entry with the same index and term, the logs are identical up to it. Thesis figure 3.2. Checked by
// induction: such an entry has everywhere the same content, and everywhere the same entry before it.

import type { Entry } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";

type Known = { readonly entry: Entry; readonly previousTerm: number | undefined; readonly firstAt: string };

export const logMatching: CheckerFactory = ({ report }) => {
  const known = new Map<string, Known>();
  return {
    property: "log matching",
    onWrite: ({ id, log }, { entries }) => {
      let previousTerm = entries[0] === undefined ? undefined : log.termAt(entries[0].index - 1);
      for (const entry of entries) {
        const name = `${entry.index}:${entry.term}`;
        const other = known.get(name);
        if (other === undefined) known.set(name, { entry, previousTerm, firstAt: id });
        else if (!isSame(other.entry, entry)) {
          report(`entry ${name} has another content at ${id} than at ${other.firstAt}`);
        } else if (other.previousTerm !== previousTerm) {
          report(`before ${name}, ${other.firstAt} has term ${other.previousTerm} and ${id} has term ${previousTerm}`);
        }
        previousTerm = entry.term;
      }
    },
  };
};

/** Whether two entries carry the same. Entries travel by reference, so the long comparison is rare. */
export function isSame(a: Entry, b: Entry): boolean {
  if (a === b) return true;
  if (a.term !== b.term || a.kind !== b.kind || a.data.byteLength !== b.data.byteLength) return false;
  return a.data === b.data || a.data.every((byte, position) => byte === b.data[position]);
}
