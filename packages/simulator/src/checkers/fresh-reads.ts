// A linearizable read sees every write that was acknowledged, and every state that was read, before it began. Thesis 6.4.

import type { CheckerFactory } from "./checker.ts";

export const freshReads: CheckerFactory = ({ report }) => ({
  property: "fresh reads",
  onRead: ({ client, index, seenBefore }) => {
    if (index < seenBefore) {
      report(`client ${client} read the state of index ${index} after index ${seenBefore} was known`);
    }
  },
});
