// What a log must hold after a history of writes and compactions, and histories drawn by chance.

import type { Entry, EntryId, HardState, LogWrite } from "@quorate/contracts";

export type State = { readonly hardState: HardState; readonly base: EntryId; readonly entries: readonly Entry[] };
/** What is asked of a log: a write, or a compaction. */
export type Change = { readonly write: LogWrite } | { readonly base: EntryId };

export const emptyState: State = {
  hardState: { term: 0, votedFor: undefined },
  base: { index: 0, term: 0 },
  entries: [],
};

export function apply(state: State, change: Change): State {
  return "base" in change ? applyCompaction(state, change.base) : applyWrite(state, change.write);
}

function applyWrite({ hardState, base, entries }: State, write: LogWrite): State {
  const kept = write.truncateFrom === undefined ? entries : entries.slice(0, write.truncateFrom - base.index - 1);
  return { hardState: write.hardState ?? hardState, base, entries: [...kept, ...write.entries] };
}

function applyCompaction(state: State, base: EntryId): State {
  if (base.index <= state.base.index) return state;
  const isInLog = state.entries.some(({ index, term }) => index === base.index && term === base.term);
  const kept = isInLog ? state.entries.filter(({ index }) => index > base.index) : [];
  return { hardState: state.hardState, base, entries: kept };
}

/** Mostly an entry of the log; now and then one of another history, or one that has long gone. */
export function randomBase({ hardState, base, entries }: State, random: () => number): EntryId {
  const chosen = entries[Math.floor(random() * entries.length)];
  if (chosen !== undefined && random() < 0.8) return { index: chosen.index, term: chosen.term };
  return { index: Math.max(0, base.index - 3 + Math.floor(random() * 30)), term: hardState.term };
}

/** Some entries of up to `usualBytes`, now and then one of up to `largestBytes`, often with a truncation before them. */
export function randomWrite(
  state: State,
  random: () => number,
  { usualBytes, largestBytes } = { usualBytes: 600, largestBytes: 20_000 },
): LogWrite {
  const first = state.base.index + 1;
  const last = state.base.index + state.entries.length;
  const truncateFrom = random() < 0.2 ? first + Math.floor(random() * (last - first + 2)) : undefined;
  const keptLast = truncateFrom === undefined ? last : truncateFrom - 1;
  const term = Math.max(state.hardState.term, state.base.term) + (random() < 0.3 ? 1 : 0);
  const count = Math.floor(random() * 4);
  const entries = Array.from({ length: count }, (_, offset): Entry => {
    const length = Math.floor(random() * (random() < 0.1 ? largestBytes : usualBytes));
    const data = Uint8Array.from({ length }, () => Math.floor(random() * 256));
    return { index: keptLast + 1 + offset, term, kind: "command", data };
  });
  return { hardState: { term, votedFor: `n${count}` }, truncateFrom, entries };
}

/** Numbers from 0 to 1 that depend on the seed alone. */
export function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
