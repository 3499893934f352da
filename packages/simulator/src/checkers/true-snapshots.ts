// A snapshot contains what its place in the log says: exactly the entries up to there, in a state that every server would have
// reached, with the configuration as of there. And it is durable before the log forgets what it contains. Thesis chapter 5.

import type { Configuration } from "@quorate/contracts";
import type { CheckerFactory, CommittedEntry } from "./checker.ts";
import { configurationOf, describeConfiguration, isSameConfiguration } from "./configurations.ts";

export const trueSnapshots: CheckerFactory = ({ committed, founders, report }) => {
  const contents = new Map<number, { readonly content: Uint8Array; readonly at: string }>();
  return {
    property: "true snapshots",
    onSnapshot: ({ id }, { stored, appliedIndex, content }) => {
      const { index, term, configuration } = stored;
      const what = `the snapshot of ${id} at ${index}:${term}`;
      const entry = committed.get(index)?.entry;
      if (entry !== undefined && entry.term !== term) report(`${what} is where ${index}:${entry.term} is committed`);
      // Entries that are no commands leave the state as it is.
      if (appliedIndex !== lastCommandAt(index, committed)) report(`${what} holds the state of index ${appliedIndex}`);
      const expected = configurationAsOf(index, committed) ?? founders;
      if (!isSameConfiguration(configuration, expected)) {
        const [told, is] = [configuration, expected].map(describeConfiguration);
        report(`${what} says that ${told} belong to the cluster, and as of there it is ${is}`);
      }
      const other = contents.get(index);
      if (other === undefined) contents.set(index, { content, at: id });
      else if (!isEqual(other.content, content)) report(`${what} has another content than that of ${other.at}`);
    },
    onCompact: ({ id, durable }, { index }) => {
      const saved = durable.snapshot?.stored.index ?? 0;
      if (saved < index) report(`${id} forgets its log up to ${index}, and its disk has a snapshot up to ${saved}`);
    },
  };
};

function lastCommandAt(index: number, committed: ReadonlyMap<number, CommittedEntry>): number {
  for (let at = index; at > 0; at--) if (committed.get(at)?.entry.kind === "command") return at;
  return 0;
}

function configurationAsOf(index: number, committed: ReadonlyMap<number, CommittedEntry>): Configuration | undefined {
  for (let at = index; at > 0; at--) {
    const entry = committed.get(at)?.entry;
    if (entry?.kind === "configuration") return configurationOf(entry);
  }
  return undefined;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, position) => byte === b[position]);
}
