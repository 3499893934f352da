// Two configurations of which one follows the other never have majorities that do not meet, and a change begins only when the
// one before it is committed and the leader has committed an entry of its own term. Thesis 4.1, 4.3, and the correction of 2015.

import type { Configuration, Entry, NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";
import { configurationOf, describeConfiguration, quorumsOverlap } from "./configurations.ts";

type Begun = { readonly entry: Entry; readonly before: Configuration; readonly beforeIndex: number };

export const configurationOverlap: CheckerFactory = ({ committed, report }) => {
  const begun = new Map<NodeId, Begun[]>();
  const committedTerms = new Set<number>();
  return {
    property: "configuration overlap",
    onWrite: ({ id, log, configuration }, { truncateFrom, entries }) => {
      let before = configuration;
      let beforeIndex = log.configuration?.index ?? 0;
      // What a follower stores has been looked at where it began; after a cut its order is that of the leader's log.
      if (truncateFrom !== undefined && truncateFrom <= log.lastIndex) return;
      for (const entry of entries) {
        if (entry.kind !== "configuration") continue;
        begun.set(id, [...(begun.get(id) ?? []), { entry, before, beforeIndex }]);
        before = configurationOf(entry);
        beforeIndex = entry.index;
      }
    },
    onCommit: (_node, { term }) => void committedTerms.add(term),
    // At the end of the turn, because a commitment and the change that follows it may fall into one.
    onTurn: ({ id }, { role, term }) => {
      const changes = begun.get(id);
      if (changes === undefined) return;
      begun.delete(id);
      for (const { entry, before, beforeIndex } of changes) {
        if (role !== "leader" || entry.term !== term) continue;
        // Forming the cluster notes whose store is whose and changes nobody's role.
        if (entry.index === 1 && describeConfiguration(before) === describeConfiguration(configurationOf(entry)))
          continue;
        const [from, to] = [before, configurationOf(entry)].map(describeConfiguration);
        const change = `${id} changes ${from} at ${beforeIndex} to ${to} at ${entry.index}:${term}`;
        if (!quorumsOverlap(before, configurationOf(entry))) report(`${change}: they have majorities that do not meet`);
        if (beforeIndex > 0 && !committed.has(beforeIndex)) report(`${change}, before the first of them is committed`);
        if (!committedTerms.has(term)) report(`${change}, before anything of its own term is committed`);
      }
    },
  };
};
