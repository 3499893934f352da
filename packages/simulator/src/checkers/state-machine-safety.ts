// No two servers ever commit or apply different entries at one index, and none skips one. Thesis figure 3.2.

import type { CheckerFactory } from "./checker.ts";
import { isSame } from "./log-matching.ts";

export const stateMachineSafety: CheckerFactory = ({ committed, report }) => {
  const appliedUpTo = new Map<string, number>();
  return {
    property: "state machine safety",
    onStart: ({ id }) => void appliedUpTo.set(id, 0),
    onRestore: ({ id }, appliedIndex) => void appliedUpTo.set(id, appliedIndex),
    onCommit: ({ id }, entry) => {
      const first = committed.get(entry.index)?.entry;
      if (first !== undefined && !isSame(first, entry)) {
        report(`${id} committed ${entry.index}:${entry.term}, where ${first.index}:${first.term} is committed`);
      }
    },
    onApply: ({ id }, { index, term, data }) => {
      const last = appliedUpTo.get(id) ?? 0;
      if (index <= last) report(`${id} applied index ${index} after index ${last}`);
      for (let skipped = last + 1; skipped < index; skipped++) {
        if (committed.get(skipped)?.entry.kind === "command") report(`${id} did not apply index ${skipped}`);
      }
      appliedUpTo.set(id, index);
      const entry = committed.get(index)?.entry;
      if (entry !== undefined && (entry.term !== term || entry.data !== data)) {
        report(`${id} applied another command at index ${index} than was committed there`);
      }
    },
  };
};
