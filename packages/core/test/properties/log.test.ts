// The log, which knows terms in runs and keeps only recent entries, against a plain array of all entries.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RaftLog } from "../../src/log.ts";
import type { Entry, EntryId } from "../../src/types.ts";
import { entryOf, restoredFrom } from "../support/lone-server.ts";

type Action =
  | { readonly type: "append"; readonly count: number; readonly termStep: number }
  | { readonly type: "truncate"; readonly back: number }
  | { readonly type: "evict"; readonly keepBytes: number };

const actions = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("append"), count: fc.integer({ min: 1, max: 5 }), termStep: fc.nat(2) } as const),
    fc.record({ type: fc.constant("truncate"), back: fc.integer({ min: 1, max: 6 }) } as const),
    fc.record({ type: fc.constant("evict"), keepBytes: fc.nat(400) } as const),
  ),
  { maxLength: 40 },
);

/** Does the same to a log and to an array, beginning with some entries that are only in storage. */
function play(steps: readonly Action[], stored: number): { readonly log: RaftLog; readonly model: Entry[] } {
  const model = Array.from({ length: stored }, (_, position) => entryOf(position + 1, 1 + Math.floor(position / 3)));
  const log = new RaftLog(restoredFrom(model, 0).log);
  for (const step of steps) perform(step, log, model);
  return { log, model };
}

function perform(step: Action, log: RaftLog, model: Entry[]): void {
  const last = model.length;
  switch (step.type) {
    case "append": {
      const term = Math.max(1, (model.at(-1)?.term ?? 0) + step.termStep);
      const entries = Array.from({ length: step.count }, (_, position) => entryOf(last + 1 + position, term));
      log.append(entries);
      model.push(...entries);
      return;
    }
    case "truncate": {
      const from = Math.max(1, last + 1 - step.back);
      if (from > last) return;
      log.truncateFrom(from);
      model.splice(from - 1);
      return;
    }
    case "evict":
      log.evict(last, step.keepBytes);
  }
}

test("terms, bounds and matching positions are those of the array", () => {
  fc.assert(
    fc.property(actions, fc.nat(10), (steps, stored) => {
      const { log, model } = play(steps, stored);
      expect(log.lastIndex).toBe(model.length);
      expect(log.lastTerm).toBe(model.at(-1)?.term ?? 0);
      for (let index = 0; index <= model.length + 2; index++) {
        const term = index === 0 ? 0 : model[index - 1]?.term;
        expect(log.termAt(index)).toBe(term);
        expect(log.contains({ index, term: 3 })).toBe(term === 3);
      }
    }),
    { numRuns: 500 },
  );
});

test("a slice is the array's, cut to its bytes but never empty, or it says that it is not in memory", () => {
  fc.assert(
    fc.property(actions, fc.nat(10), fc.nat(20), fc.nat(500), (steps, stored, first, maxBytes) => {
      const { log, model } = play(steps, stored);
      const firstIndex = Math.min(Math.max(1, first), Math.max(1, model.length));
      if (model.length === 0) return;
      const slice = log.slice(firstIndex, model.length, maxBytes);
      if (slice === undefined) return;
      expect(slice.length).toBeGreaterThan(0);
      expect(slice).toEqual(model.slice(firstIndex - 1, firstIndex - 1 + slice.length));
      const bytes = slice.reduce((sum, { data }) => sum + data.byteLength + 64, 0);
      expect(slice.length === 1 || bytes <= maxBytes).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("P23 the conflict search, which skips whole terms, finds what a search entry by entry finds", () => {
  fc.assert(
    fc.property(actions, fc.nat(10), fc.nat(60), fc.nat(12), (steps, stored, index, term) => {
      const { log, model } = play(steps, stored);
      const naive = (): EntryId => {
        for (let at = Math.min(index, model.length); at > 0; at--) {
          const found = model[at - 1];
          if (found !== undefined && found.term <= term) return { index: at, term: found.term };
        }
        return { index: 0, term: 0 };
      };
      expect(log.lastPositionAtMost({ index, term })).toEqual(naive());
    }),
    { numRuns: 1_000 },
  );
});

test("a log is at most as up to date as a candidate's exactly when its last entry is not later", () => {
  fc.assert(
    fc.property(actions, fc.nat(10), fc.nat(60), fc.nat(12), (steps, stored, index, term) => {
      const { log, model } = play(steps, stored);
      const ownTerm = model.at(-1)?.term ?? 0;
      const isLater = ownTerm > term || (ownTerm === term && model.length > index);
      expect(log.isAtMostAsUpToDateAs({ index, term })).toBe(!isLater);
    }),
    { numRuns: 500 },
  );
});
