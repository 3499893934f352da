// Laws about reads: by range and bytes, over everything that was written before, whole or refused.

import { assertEqual, assertRejects, inFlight, type TestFramework } from "./harness.ts";
import { assertLog, entries, entry, type StorageConformance, storageLaws } from "./storage-session.ts";

const unlimited = Number.MAX_SAFE_INTEGER;

export function declareReadLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law, reopenLaw } = storageLaws(framework, options);
  const log = entries({ firstIndex: 1, lastIndex: 12, term: 1 });

  reopenLaw("every range of the log can be read, both ends inclusive", async (session) => {
    await session.storage.write({ entries: log });
    await session.reopen();
    for (let firstIndex = 1; firstIndex <= 12; firstIndex += 1) {
      for (let lastIndex = firstIndex; lastIndex <= 12; lastIndex += 1) {
        const read = await session.storage.read({ firstIndex, lastIndex, maxBytes: unlimited });
        assertEqual(read, log.slice(firstIndex - 1, lastIndex), `entries ${firstIndex} to ${lastIndex}`);
      }
    }
  });

  law("a read stops before it passes maxBytes of data", async ({ storage }) => {
    await storage.write({ entries: ["aa", "bbb", "c", "dddd"].map((text, offset) => entry(offset + 1, 1, text)) });
    const countWithin = async (maxBytes: number) =>
      (await storage.read({ firstIndex: 1, lastIndex: 4, maxBytes })).length;
    assertEqual(await countWithin(10), 4, "entries within 10 bytes");
    assertEqual(await countWithin(9), 3, "entries within 9 bytes");
    assertEqual(await countWithin(6), 3, "entries within 6 bytes");
    assertEqual(await countWithin(5), 2, "entries within 5 bytes");
    assertEqual(await countWithin(2), 1, "entries within 2 bytes");
  });

  law("a read returns one entry even if that one alone passes maxBytes", async ({ storage }) => {
    await storage.write({ entries: [entry(1, 1, "a"), entry(2, 1, "much too long"), entry(3, 1, "c")] });
    const read = await storage.read({ firstIndex: 2, lastIndex: 3, maxBytes: 0 });
    assertEqual(read, [entry(2, 1, "much too long")], "entries within 0 bytes");
  });

  law("entries without data cost no bytes", async ({ storage }) => {
    const empty = [entry(1, 1), entry(2, 1), entry(3, 1)];
    await storage.write({ entries: empty });
    assertEqual(await storage.read({ firstIndex: 1, lastIndex: 3, maxBytes: 1 }), empty, "empty entries");
  });

  law("a read sees the writes that were called before it and are still in flight", async ({ storage }) => {
    const first = inFlight(storage.write({ entries: log }));
    const second = inFlight(storage.write({ truncateFrom: 6, entries: [entry(6, 2, "new")] }));
    const read = inFlight(storage.read({ firstIndex: 4, lastIndex: 6, maxBytes: unlimited }));
    assertEqual(await read, [...log.slice(3, 5), entry(6, 2, "new")], "entries 4 to 6");
    await Promise.all([first, second]);
  });

  law("a read that began before a truncation gives what the log was when it was called", async ({ storage }) => {
    await storage.write({ entries: log });
    const read = inFlight(storage.read({ firstIndex: 1, lastIndex: 12, maxBytes: unlimited }));
    const write = inFlight(storage.write({ truncateFrom: 2, entries: [entry(2, 5, "other")] }));
    assertEqual(await read, log, "entries 1 to 12");
    await write;
    await assertLog(storage, [...log.slice(0, 1), entry(2, 5, "other")]);
  });

  const outside = [
    { what: "behind the last entry", firstIndex: 13, lastIndex: 13 },
    { what: "that ends behind the last entry", firstIndex: 10, lastIndex: 13 },
    { what: "that begins before the first entry", firstIndex: 0, lastIndex: 2 },
    { what: "that ends before it begins", firstIndex: 5, lastIndex: 4 },
  ];
  for (const { what, firstIndex, lastIndex } of outside) {
    law(`a range ${what} is out of range`, async ({ storage }) => {
      await storage.write({ entries: log });
      const read = storage.read({ firstIndex, lastIndex, maxBytes: unlimited });
      await assertRejects(read, "QUORATE_OUT_OF_RANGE", `a read of a range ${what}`);
      await assertLog(storage, log);
    });
  }

  law("the first entry of an empty log is out of range", async ({ storage }) => {
    const read = storage.read({ firstIndex: 1, lastIndex: 1, maxBytes: unlimited });
    await assertRejects(read, "QUORATE_OUT_OF_RANGE", "a read of an empty log");
  });

  law("a truncated entry is out of range at once", async ({ storage }) => {
    await storage.write({ entries: log });
    const write = inFlight(storage.write({ truncateFrom: 8, entries: [] }));
    const read = storage.read({ firstIndex: 7, lastIndex: 8, maxBytes: unlimited });
    await assertRejects(read, "QUORATE_OUT_OF_RANGE", "a read of a truncated entry");
    await write;
  });

  law("bytes that were read stay as they are while the store goes on", async ({ storage }) => {
    await storage.write({ entries: log });
    const read = await storage.read({ firstIndex: 1, lastIndex: 12, maxBytes: unlimited });
    const early = inFlight(
      storage.write({ truncateFrom: 1, entries: entries({ firstIndex: 1, lastIndex: 12, term: 9 }) }),
    );
    const readEarly = await storage.read({ firstIndex: 1, lastIndex: 12, maxBytes: unlimited });
    await early;
    for (let term = 10; term < 20; term += 1) {
      await storage.write({ truncateFrom: 1, entries: entries({ firstIndex: 1, lastIndex: 12, term }) });
      await storage.read({ firstIndex: 1, lastIndex: 12, maxBytes: unlimited });
    }
    assertEqual(read, log, "entries that were read first");
    assertEqual(readEarly, entries({ firstIndex: 1, lastIndex: 12, term: 9 }), "entries that were read in flight");
  });
}
