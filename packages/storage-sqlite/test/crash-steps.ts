// The life of a log that is crashed everywhere, and what it must hold after each of its steps.

import type { Entry, EntryId, LogWrite } from "@quorate/contracts";
import { command, type Found } from "./logs.ts";

/** A call, or what its server does besides. */
export type CrashStep =
  | { readonly write: LogWrite }
  | { readonly base: EntryId; readonly keepsEntries: boolean }
  | "seal"
  | "reopen";

const run = (firstIndex: number, lastIndex: number, term: number, bytes = 200): readonly Entry[] =>
  Array.from({ length: lastIndex - firstIndex + 1 }, (_, offset) => command(firstIndex + offset, term, bytes));

/** Small and large appends, votes, truncations, compactions of both kinds, seals and restarts. */
export const crashSteps: readonly CrashStep[] = [
  { write: { hardState: { term: 1, votedFor: "n1" }, entries: [] } },
  { write: { entries: run(1, 3, 1) } },
  { write: { entries: run(4, 4, 1, 60_000) } },
  "seal",
  { write: { hardState: { term: 2, votedFor: undefined }, truncateFrom: 3, entries: run(3, 9, 2) } },
  { write: { entries: run(10, 12, 2, 5000) } },
  "reopen",
  { base: { index: 6, term: 2 }, keepsEntries: true },
  { write: { entries: run(13, 14, 2) } },
  { write: { truncateFrom: 12, entries: [] } },
  { write: { hardState: { term: 3, votedFor: "n2" }, entries: run(12, 40, 3) } },
  "seal",
  { base: { index: 20, term: 9 }, keepsEntries: false },
  { write: { entries: run(21, 22, 9) } },
  { base: { index: 50, term: 9 }, keepsEntries: false },
  { write: { entries: run(51, 52, 10) } },
  "reopen",
  { write: { entries: run(53, 53, 10) } },
];

/** What the log holds before the first step and after each. */
export function statesOf(steps: readonly CrashStep[]): readonly Found[] {
  let state: Found = { hardState: { term: 0, votedFor: undefined }, base: { index: 0, term: 0 }, entries: [] };
  return [state, ...steps.map((step) => (state = after(state, step)))];
}

function after(state: Found, step: CrashStep): Found {
  if (typeof step === "string") return state;
  const { hardState, base, entries } = state;
  if ("base" in step) {
    const kept = step.keepsEntries ? entries.filter(({ index }) => index > step.base.index) : [];
    return { hardState, base: step.base, entries: kept };
  }
  const { write } = step;
  const kept = entries.filter(({ index }) => index < (write.truncateFrom ?? Number.POSITIVE_INFINITY));
  return { hardState: write.hardState ?? hardState, base, entries: [...kept, ...write.entries] };
}
