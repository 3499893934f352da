// What the tests share: small logs, and what a store finds.

import type { Entry, EntryId, HardState, LogStorage } from "@quorate/contracts";

/** All that a log storage holds. */
export type Found = { readonly hardState: HardState; readonly base: EntryId; readonly entries: readonly Entry[] };

/** Loads a store and reads everything. */
export async function findIn(storage: LogStorage): Promise<Found> {
  const { hardState, log } = await storage.load();
  const { base, lastIndex } = log;
  if (lastIndex === base.index) return { hardState, base, entries: [] };
  const range = { firstIndex: base.index + 1, lastIndex, maxBytes: Number.MAX_SAFE_INTEGER };
  return { hardState, base, entries: await storage.read(range) };
}

/** A command with `bytes` bytes that differ from one entry to the next. */
export function command(index: number, term: number, bytes = 40): Entry {
  return { index, term, kind: "command", data: new Uint8Array(bytes).fill((index * 31 + term) % 256) };
}

/** The error that a promise rejects with; undefined if it resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The code of that error. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<unknown> {
  const error = await rejectionOf(promise);
  return error instanceof Error && "code" in error ? error.code : error;
}
