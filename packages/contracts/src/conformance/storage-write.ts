// Laws about writes: atomic, in order, and refused when they do not fit. Thesis 3.8 says what must not be forgotten.

import type { Entry } from "@quorate/core";
import type { LogWrite } from "../log-storage.ts";
import { assertEqual, assertRejects, inFlight, type TestFramework } from "./harness.ts";
import { assertLog, assertReopened, entries, entry, type StorageConformance, storageLaws } from "./storage-session.ts";

export function declareWriteLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  declareAppendLaws(framework, options);
  declareHardStateLaws(framework, options);
  declareOrderLaws(framework, options);
  declareRefusalLaws(framework, options);
}

function declareAppendLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law, reopenLaw } = storageLaws(framework, options);

  reopenLaw("entries of every kind are found again as they were written", async (session) => {
    const log = [
      entry(1, 1),
      entry(2, 1, "n1,n2", "configuration"),
      entry(3, 1, "set x"),
      entry(4, 3, "", "command"),
      entry(5, 3, "n1", "configuration"),
    ];
    await session.storage.write({ entries: log });
    await assertLog(session.storage, log);
    await assertReopened(session, log);
  });

  reopenLaw("entries of many writes make one log", async (session) => {
    const log = entries({ firstIndex: 1, lastIndex: 30, term: 2 });
    for (const one of log) await session.storage.write({ entries: [one] });
    await assertReopened(session, log);
  });

  reopenLaw("large indexes, terms and data are kept exactly", async (session) => {
    const data = Uint8Array.from({ length: 300_000 }, (_, position) => (position * 31) % 251);
    const log: Entry[] = [{ index: 1, term: 2 ** 45 + 7, kind: "command", data }];
    await session.storage.write({ hardState: { term: 2 ** 45 + 8, votedFor: "ñ-节点" }, entries: log });
    const loaded = await assertReopened(session, log);

    assertEqual(loaded.hardState, { term: 2 ** 45 + 8, votedFor: "ñ-节点" }, "hard state");
  });

  reopenLaw("data that is a view into a larger buffer is stored as the view alone", async (session) => {
    const larger = Uint8Array.of(9, 9, 1, 2, 3, 9, 9);
    const view = larger.subarray(2, 5);
    await session.storage.write({ entries: [{ index: 1, term: 1, kind: "command", data: view }] });
    const expected: Entry = { index: 1, term: 1, kind: "command", data: Uint8Array.of(1, 2, 3) };
    await assertReopened(session, [expected]);
    assertEqual(larger, Uint8Array.of(9, 9, 1, 2, 3, 9, 9), "the buffer that was handed over");
  });

  reopenLaw("a truncation deletes the entry at its index and all after it", async (session) => {
    const log = entries({ firstIndex: 1, lastIndex: 10, term: 1 });
    await session.storage.write({ entries: log });
    await session.storage.write({ truncateFrom: 4, entries: [] });
    await assertReopened(session, log.slice(0, 3));
  });

  reopenLaw("a truncation may empty the log, which can then be filled again", async (session) => {
    await session.storage.write({ entries: entries({ firstIndex: 1, lastIndex: 3, term: 1 }) });
    await session.storage.write({ truncateFrom: 1, entries: [] });
    await assertReopened(session, []);
    await session.storage.write({ entries: [entry(1, 5, "again")] });
    await assertReopened(session, [entry(1, 5, "again")]);
  });

  reopenLaw("one write truncates and appends in its place, term runs and configurations included", async (session) => {
    const kept = [entry(1, 1), entry(2, 1, "first", "configuration")];
    const lost = [entry(3, 1, "lost", "configuration"), entry(4, 2, "lost too")];
    const fresh = [entry(3, 3, "fresh"), entry(4, 4, "second", "configuration")];
    await session.storage.write({ entries: [...kept, ...lost] });
    await session.storage.write({ truncateFrom: 3, entries: fresh });
    await assertLog(session.storage, [...kept, ...fresh]);
    await assertReopened(session, [...kept, ...fresh]);
  });

  law("a truncation right after the last entry deletes nothing", async ({ storage }) => {
    const log = entries({ firstIndex: 1, lastIndex: 4, term: 1 });
    await storage.write({ entries: log.slice(0, 3) });
    await storage.write({ truncateFrom: 4, entries: log.slice(3) });
    await assertLog(storage, log);
  });
}

function declareHardStateLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { reopenLaw } = storageLaws(framework, options);

  reopenLaw("term and vote are found again, and the latest wins", async (session) => {
    await session.storage.write({ hardState: { term: 1, votedFor: "n1" }, entries: [] });
    await session.storage.write({ hardState: { term: 2, votedFor: "n3" }, entries: [] });
    assertEqual((await session.reopen()).hardState, { term: 2, votedFor: "n3" }, "hard state");
  });

  reopenLaw("a term without a vote is not the same as a vote for nobody's name", async (session) => {
    await session.storage.write({ hardState: { term: 4, votedFor: "" }, entries: [] });
    assertEqual((await session.reopen()).hardState, { term: 4, votedFor: "" }, "hard state");
    await session.storage.write({ hardState: { term: 5, votedFor: undefined }, entries: [] });
    assertEqual((await session.reopen()).hardState, { term: 5, votedFor: undefined }, "hard state");
  });

  reopenLaw("one write takes hard state, truncation and entries together", async (session) => {
    await session.storage.write({ entries: entries({ firstIndex: 1, lastIndex: 5, term: 1 }) });
    const fresh = entries({ firstIndex: 3, lastIndex: 4, term: 7 });
    await session.storage.write({ hardState: { term: 7, votedFor: "n2" }, truncateFrom: 3, entries: fresh });
    const loaded = await assertReopened(session, [...entries({ firstIndex: 1, lastIndex: 2, term: 1 }), ...fresh]);
    assertEqual(loaded.hardState, { term: 7, votedFor: "n2" }, "hard state");
  });

  reopenLaw("a write without hard state leaves it as it was", async (session) => {
    await session.storage.write({ hardState: { term: 3, votedFor: "n2" }, entries: [] });
    await session.storage.write({ entries: [entry(1, 3)] });
    await session.storage.write({ truncateFrom: 1, entries: [] });
    assertEqual((await session.reopen()).hardState, { term: 3, votedFor: "n2" }, "hard state");
  });

  reopenLaw("a write of nothing changes nothing", async (session) => {
    await session.storage.write({ hardState: { term: 3, votedFor: "n2" }, entries: [entry(1, 2)] });
    await session.storage.write({ entries: [] });
    const loaded = await assertReopened(session, [entry(1, 2)]);
    assertEqual(loaded.hardState, { term: 3, votedFor: "n2" }, "hard state");
  });
}

function declareOrderLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law, reopenLaw } = storageLaws(framework, options);

  law("of several writes in flight each resolves after all before it", async ({ storage }) => {
    const log = entries({ firstIndex: 1, lastIndex: 50, term: 1 });
    const resolved: number[] = [];
    await Promise.all(
      log.map(async (one) => {
        await storage.write({ entries: [one] });
        resolved.push(one.index);
      }),
    );
    assertEqual(
      resolved,
      log.map((one) => one.index),
      "order of resolution",
    );
  });

  law("large and small writes in flight resolve in call order", async ({ storage }) => {
    const large = new Uint8Array(500_000).fill(7);
    const resolved: string[] = [];
    const writeAndNote = async (name: string, write: LogWrite): Promise<void> => {
      await storage.write(write);
      resolved.push(name);
    };
    await Promise.all([
      writeAndNote("first", { entries: [{ index: 1, term: 1, kind: "command", data: large }] }),
      writeAndNote("second", { entries: [entry(2, 1)] }),
      writeAndNote("third", { hardState: { term: 2, votedFor: undefined }, entries: [] }),
    ]);
    assertEqual(resolved, ["first", "second", "third"], "order of resolution");
  });

  reopenLaw("writes in flight take effect in call order", async (session) => {
    const { storage } = session;
    const writes = [
      storage.write({ entries: entries({ firstIndex: 1, lastIndex: 8, term: 1 }) }),
      storage.write({ truncateFrom: 5, entries: entries({ firstIndex: 5, lastIndex: 6, term: 2 }) }),
      storage.write({ hardState: { term: 3, votedFor: "n1" }, truncateFrom: 2, entries: [] }),
      storage.write({ entries: entries({ firstIndex: 2, lastIndex: 3, term: 3 }) }),
    ];
    await Promise.all(writes);
    const log = [entry(1, 1, "t1-i1"), entry(2, 3, "t3-i2"), entry(3, 3, "t3-i3")];
    await assertLog(storage, log);
    const loaded = await assertReopened(session, log);

    assertEqual(loaded.hardState, { term: 3, votedFor: "n1" }, "hard state");
  });
}

function declareRefusalLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law, reopenLaw } = storageLaws(framework, options);
  const start = entries({ firstIndex: 1, lastIndex: 3, term: 2 });

  const refusals = [
    { what: "entries that leave a gap after the log", write: { entries: [entry(5, 2)] } },
    { what: "entries that overlap the log", write: { entries: [entry(3, 2)] } },
    { what: "entries that are not consecutive among themselves", write: { entries: [entry(4, 2), entry(6, 2)] } },
    { what: "entries that leave a gap after a truncation", write: { truncateFrom: 2, entries: [entry(3, 2)] } },
    { what: "entries that overlap what a truncation keeps", write: { truncateFrom: 3, entries: [entry(2, 2)] } },
    { what: "an entry whose term is lower than the log's last", write: { entries: [entry(4, 1)] } },
    { what: "entries whose terms descend", write: { entries: [entry(4, 5), entry(5, 4)] } },
    { what: "a truncation behind the end of the log", write: { truncateFrom: 5, entries: [] } },
    { what: "a truncation before the first entry", write: { truncateFrom: 0, entries: [] } },
  ];
  for (const { what, write } of refusals) {
    reopenLaw(`refuses as a whole, and goes on: ${what}`, async (session) => {
      await session.storage.write({ hardState: { term: 2, votedFor: "n1" }, entries: start });
      const refused = { ...write, hardState: { term: 9, votedFor: "n9" } };
      await assertRejects(session.storage.write(refused), "QUORATE_WRITE_REFUSED", `a write of ${what}`);
      await session.storage.write({ entries: [entry(4, 2, "next")] });
      const loaded = await assertReopened(session, [...start, entry(4, 2, "next")]);
      assertEqual(loaded.hardState, { term: 2, votedFor: "n1" }, "hard state");
    });
  }

  law("a refusal does not disturb the writes in flight around it", async ({ storage }) => {
    const before = inFlight(storage.write({ entries: start }));
    const refused = assertRejects(storage.write({ entries: [entry(9, 2)] }), "QUORATE_WRITE_REFUSED", "the gap");
    const after = inFlight(storage.write({ entries: [entry(4, 2, "after")] }));
    await Promise.all([before, refused, after]);
    await assertLog(storage, [...start, entry(4, 2, "after")]);
  });
}
