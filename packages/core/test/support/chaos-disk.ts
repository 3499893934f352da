// A disk in the chaos: it completes writes in order, some time after they were handed over, and a crash loses any number
// of the latest ones. Snapshots are kept beside the log and are durable before the log forgets anything.

import type { Configuration, Entry, EntryId, Ready, RestoredState } from "../../src/index.ts";
import { termRunsOf } from "./lone-server.ts";
import type { LogView } from "./oracle.ts";

type Write = NonNullable<Ready["write"]>;

/** Everything up to `position` as the list of entries that were applied; short enough in a test. */
export type Snapshot = {
  readonly position: EntryId & { readonly configuration: Configuration };
  readonly applied: readonly Entry[];
};

type Step = { readonly doneAt: number } & (
  | { readonly type: "write"; readonly write: Write }
  | { readonly type: "compact"; readonly base: EntryId }
);

type Content = { term: number; votedFor: string | undefined; base: EntryId; entries: Entry[] };

/** The disk of one server. */
export class ChaosDisk {
  #content: Content = { term: 0, votedFor: undefined, base: { index: 0, term: 0 }, entries: [] };
  #steps: Step[] = [];
  snapshot: Snapshot | undefined;

  write(write: Write, doneAt: number): void {
    this.#steps.push({ type: "write", write, doneAt: this.#notBefore(doneAt) });
  }

  compact(base: EntryId, doneAt: number): void {
    this.#steps.push({ type: "compact", base, doneAt: this.#notBefore(doneAt) });
  }

  /** Completes what is due and returns the numbers of the writes among it. */
  complete(now: number): number[] {
    const done = this.#steps.filter(({ doneAt }) => doneAt <= now);
    this.#steps = this.#steps.filter(({ doneAt }) => doneAt > now);
    for (const step of done) perform(step, this.#content);
    return done.flatMap((step) => (step.type === "write" ? [step.write.sequence] : []));
  }

  /** Keeps the first `share` of the steps that are under way, loses the others. */
  crash(share: number): void {
    for (const step of this.#steps.slice(0, Math.floor(share * (this.#steps.length + 1)))) perform(step, this.#content);
    this.#steps = [];
  }

  /** The log as the storage shows it: with steps that are still under way. */
  view(): LogView {
    const content = { ...this.#content, entries: [...this.#content.entries] };
    for (const step of this.#steps) perform(step, content);
    return { base: content.base.index, entries: content.entries };
  }

  /** True if a crash now could not take this entry away: it is in the log or in the snapshot, without what is under way. */
  holds(index: number, term: number): boolean {
    if (index <= (this.snapshot?.position.index ?? 0)) return true;
    return this.#content.entries[index - this.#content.base.index - 1]?.term === term;
  }

  /** What a server finds when it starts. A snapshot that the log does not reach replaces the log. */
  restore(): RestoredState {
    const { snapshot } = this;
    if (snapshot !== undefined) perform({ type: "compact", base: snapshot.position, doneAt: 0 }, this.#content);
    const { term, votedFor, base, entries } = this.#content;
    return {
      hardState: { term, votedFor },
      log: { base, lastIndex: base.index + entries.length, termRuns: termRunsOf(entries) },
      ...(snapshot && { configuration: snapshot.position.configuration }),
      configurations: entries.filter(({ kind }) => kind === "configuration"),
      applied: snapshot?.position.index ?? 0,
    };
  }

  #notBefore(doneAt: number): number {
    return Math.max(doneAt, this.#steps.at(-1)?.doneAt ?? 0);
  }
}

function perform(step: Step, content: Content): void {
  if (step.type === "write") store(step.write, content);
  else compact(step.base, content);
}

function store({ truncateFrom, entries, hardState }: Write, content: Content): void {
  if (truncateFrom !== undefined) content.entries.splice(truncateFrom - content.base.index - 1);
  const expected = content.base.index + content.entries.length + 1;
  if (entries[0] !== undefined && entries[0].index !== expected) {
    throw new Error(`write of index ${entries[0].index} where ${expected} follows`);
  }
  content.entries.push(...entries);
  if (hardState === undefined) return;
  content.term = hardState.term;
  content.votedFor = hardState.votedFor;
}

function compact({ index, term }: EntryId, content: Content): void {
  if (index <= content.base.index) return;
  const position = index - content.base.index - 1;
  const isHere = content.entries[position]?.term === term;
  content.entries = isHere ? content.entries.slice(position + 1) : [];
  content.base = { index, term };
}
