// Laws about compaction: the log begins later, and everything else is as it was. Thesis 5.1.

import type { Entry } from "@quorate/core";
import { assertEqual, assertRejects, inFlight, type TestFramework } from "./harness.ts";
import {
  assertContent,
  assertContentReopened,
  entries,
  entry,
  someIdentity,
  type StorageConformance,
  storageLaws,
} from "./storage-session.ts";

const unlimited = Number.MAX_SAFE_INTEGER;

/** Terms 2, 3 and 5, with a configuration in each part that a compaction may separate. */
const log: readonly Entry[] = [
  ...entries({ firstIndex: 1, lastIndex: 3, term: 2 }),
  entry(4, 2, "first", "configuration"),
  ...entries({ firstIndex: 5, lastIndex: 8, term: 3 }),
  entry(9, 5, "second", "configuration"),
  entry(10, 5, "last"),
];

export function declareCompactLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  declareBaseLaws(framework, options);
  declareSequelLaws(framework, options);
  declareOrderLaws(framework, options);
}

function declareBaseLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { reopenLaw } = storageLaws(framework, options);

  reopenLaw("a compaction to any entry of the log keeps exactly the entries after it", async (session) => {
    await session.storage.write({ entries: log });
    for (const { index, term } of log) {
      const content = { base: { index, term }, entries: log.slice(index) };
      await session.storage.compact({ index, term });
      await assertContent(session.storage, content);
      await assertContentReopened(session, content);
    }
  });

  const resets = [
    { what: "behind the end of the log", base: { index: 15, term: 6 } },
    { what: "right behind the end of the log", base: { index: 11, term: 5 } },
    { what: "of a lower term than the log has there", base: { index: 6, term: 2 } },
    { what: "of a higher term than the log has there", base: { index: 6, term: 4 } },
    { what: "of another term than the last entry", base: { index: 10, term: 6 } },
  ];
  for (const { what, base } of resets) {
    reopenLaw(`a compaction to a base ${what} replaces the log by an empty one after it`, async (session) => {
      await session.storage.write({ entries: log });
      await session.storage.compact(base);
      await assertContent(session.storage, { base, entries: [] });
      await assertContentReopened(session, { base, entries: [] });
      const next = entries({ firstIndex: base.index + 1, lastIndex: base.index + 3, term: base.term + 1 });
      await session.storage.write({ entries: next });
      await assertContentReopened(session, { base, entries: next });
    });
  }

  reopenLaw("an empty log can be compacted, and goes on after the base", async (session) => {
    const base = { index: 2 ** 45 + 3, term: 2 ** 44 };
    await session.storage.compact(base);
    await assertContentReopened(session, { base, entries: [] });
    const next = [entry(2 ** 45 + 4, 2 ** 44, "next")];
    await session.storage.write({ entries: next });
    await assertContent(session.storage, { base, entries: next });
    await assertContentReopened(session, { base, entries: next });
  });

  reopenLaw("a base at or before the present one changes nothing", async (session) => {
    const content = { base: { index: 6, term: 3 }, entries: log.slice(6) };
    await session.storage.write({ entries: log });
    await session.storage.compact(content.base);
    for (const base of [
      { index: 6, term: 3 },
      { index: 6, term: 9 },
      { index: 2, term: 2 },
      { index: 0, term: 0 },
    ]) {
      await session.storage.compact(base);
      await assertContent(session.storage, content);
      await assertContentReopened(session, content);
    }
  });

  reopenLaw("a compaction leaves identity, term and vote as they were", async (session) => {
    const hardState = { term: 7, votedFor: "n2" };
    await session.storage.initialise(someIdentity);
    await session.storage.write({ hardState, entries: log });
    await session.storage.compact({ index: 8, term: 3 });
    await session.storage.compact({ index: 30, term: 6 });
    const loaded = await assertContentReopened(session, { base: { index: 30, term: 6 }, entries: [] });
    assertEqual(loaded.hardState, hardState, "hard state");
    assertEqual(loaded.identity, someIdentity, "identity");
  });
}

function declareSequelLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law, reopenLaw } = storageLaws(framework, options);
  const base = { index: 6, term: 3 };

  reopenLaw("a compacted log is read, truncated and written to as before", async (session) => {
    await session.storage.write({ entries: log });
    await session.storage.compact(base);
    const read = await session.storage.read({ firstIndex: 8, lastIndex: 10, maxBytes: 0 });
    assertEqual(read, log.slice(7, 8), "entries 8 to 10 within 0 bytes");
    await session.storage.write({ truncateFrom: 9, entries: [entry(9, 8, "new"), entry(10, 8, "c", "configuration")] });
    const kept = [...log.slice(6, 8), entry(9, 8, "new"), entry(10, 8, "c", "configuration")];
    await assertContentReopened(session, { base, entries: kept });
    await session.storage.write({ truncateFrom: 7, entries: [] });
    await assertContentReopened(session, { base, entries: [] });
    await session.storage.write({ entries: [entry(7, 3, "again")] });
    await assertContentReopened(session, { base, entries: [entry(7, 3, "again")] });
  });

  const outside = [
    { what: "that ends at the base", firstIndex: 5, lastIndex: 6 },
    { what: "that begins at the base", firstIndex: 6, lastIndex: 8 },
    { what: "that begins before the base", firstIndex: 1, lastIndex: 10 },
    { what: "behind the end of a compacted log", firstIndex: 10, lastIndex: 11 },
  ];
  for (const { what, firstIndex, lastIndex } of outside) {
    law(`a range ${what} is out of range at once`, async ({ storage }) => {
      await storage.write({ entries: log });
      const compaction = inFlight(storage.compact(base));
      const read = storage.read({ firstIndex, lastIndex, maxBytes: unlimited });
      await assertRejects(read, "QUORATE_OUT_OF_RANGE", `a read of a range ${what}`);
      await compaction;
      await assertContent(storage, { base, entries: log.slice(6) });
    });
  }

  const refusals = [
    { what: "a truncation at the base", write: { truncateFrom: 6, entries: [] } },
    { what: "a truncation before the base", write: { truncateFrom: 2, entries: [entry(2, 9)] } },
    { what: "a truncation behind the end of the compacted log", write: { truncateFrom: 12, entries: [] } },
    { what: "entries that leave a gap after the compacted log", write: { entries: [entry(12, 9)] } },
    { what: "entries that begin anew", write: { entries: [entry(1, 9)] } },
    { what: "an entry whose term is lower than the base's", write: { truncateFrom: 7, entries: [entry(7, 2)] } },
  ];
  for (const { what, write } of refusals) {
    reopenLaw(`refuses as a whole, and goes on: ${what}`, async (session) => {
      await session.storage.write({ entries: log });
      await session.storage.compact(base);
      await assertRejects(session.storage.write(write), "QUORATE_WRITE_REFUSED", `a write of ${what}`);
      await assertContentReopened(session, { base, entries: log.slice(6) });
    });
  }
}

function declareOrderLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law, reopenLaw } = storageLaws(framework, options);

  reopenLaw("compactions and writes in flight take effect in call order", async (session) => {
    const { storage } = session;
    await Promise.all([
      storage.write({ entries: entries({ firstIndex: 1, lastIndex: 8, term: 1 }) }),
      storage.compact({ index: 4, term: 1 }),
      storage.write({ truncateFrom: 6, entries: entries({ firstIndex: 6, lastIndex: 9, term: 2 }) }),
      storage.compact({ index: 6, term: 2 }),
      storage.compact({ index: 20, term: 3 }),
      storage.write({ entries: entries({ firstIndex: 21, lastIndex: 23, term: 3 }) }),
      storage.compact({ index: 21, term: 3 }),
    ]);
    const content = { base: { index: 21, term: 3 }, entries: entries({ firstIndex: 22, lastIndex: 23, term: 3 }) };
    await assertContent(storage, content);
    await assertContentReopened(session, content);
  });

  law("compactions and writes in flight resolve in call order", async ({ storage }) => {
    const resolved: number[] = [];
    const calls = Array.from({ length: 20 }, async (_, position) => {
      const index = Math.floor(position / 2) + 1;
      await (position % 2 === 0
        ? storage.write({ entries: [entry(index, 1, "x")] })
        : storage.compact({ index, term: 1 }));
      resolved.push(position);
    });
    await Promise.all(calls);
    assertEqual(resolved, [...calls.keys()], "order of resolution");
  });

  law("a read that began before a compaction gives what the log was when it was called", async ({ storage }) => {
    await storage.write({ entries: log });
    const read = inFlight(storage.read({ firstIndex: 1, lastIndex: 10, maxBytes: unlimited }));
    const compaction = inFlight(storage.compact({ index: 30, term: 6 }));
    assertEqual(await read, log, "entries 1 to 10");
    await compaction;
  });

  reopenLaw("close waits for a compaction that was called before it", async (session) => {
    await session.storage.write({ entries: log });
    let isDurable = false;
    const compaction = session.storage.compact({ index: 9, term: 5 }).then(() => (isDurable = true));
    await session.storage.close();
    assertEqual(isDurable, true, "the compaction was settled when close was");
    await compaction;
    await assertContentReopened(session, { base: { index: 9, term: 5 }, entries: log.slice(9) });
  });
}
