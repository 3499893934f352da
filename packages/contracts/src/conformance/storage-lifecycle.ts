// Laws about a store's beginning and end: what a fresh one holds, who it belongs to, and what holds once it is closed.

import type { StoredState } from "../log-storage.ts";
import { assertEqual, assertRejects, type TestFramework } from "./harness.ts";
import {
  assertReopened,
  entries,
  entry,
  someIdentity,
  type StorageConformance,
  storageLaws,
} from "./storage-session.ts";

const emptyState: StoredState = {
  identity: undefined,
  hardState: { term: 0, votedFor: undefined },
  log: { base: { index: 0, term: 0 }, lastIndex: 0, termRuns: [] },
  configurations: [],
};

export function declareLifecycleLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law, reopenLaw } = storageLaws(framework, options);

  law("says what it supports", async ({ storage }) => {
    assertEqual(storage.supports, options.supports, "supports");
  });

  law("a fresh store has no identity, no term, no vote and no entries", async ({ loaded }) => {
    assertEqual(loaded, emptyState, "state of a fresh store");
  });

  reopenLaw("a store that was opened but never written to is still fresh", async (session) => {
    assertEqual(await session.reopen(), emptyState, "state of a fresh store");
  });

  reopenLaw("an identity is found again, with everything else still empty", async (session) => {
    await session.storage.initialise(someIdentity);
    assertEqual(await session.reopen(), { ...emptyState, identity: someIdentity }, "state after initialise");
  });

  law("a second identity is refused", async ({ storage }) => {
    await storage.initialise(someIdentity);
    await assertRejects(
      storage.initialise({ ...someIdentity, nodeId: "n2" }),
      "QUORATE_ALREADY_INITIALISED",
      "a second initialise",
    );
  });

  reopenLaw("a second identity is refused after a restart too, and the first one stays", async (session) => {
    await session.storage.initialise(someIdentity);
    await session.reopen();
    await assertRejects(
      session.storage.initialise({ ...someIdentity, incarnation: "incarnation-2" }),
      "QUORATE_ALREADY_INITIALISED",
      "initialise after a restart",
    );
    assertEqual((await session.reopen()).identity, someIdentity, "identity");
  });

  reopenLaw("an identity may come after the first write", async (session) => {
    await session.storage.write({ entries: [entry(1, 1)] });
    await session.storage.initialise(someIdentity);
    const loaded = await assertReopened(session, [entry(1, 1)]);
    assertEqual(loaded.identity, someIdentity, "identity");
  });

  law("close may be called again, also while the first close is running", async ({ storage }) => {
    await Promise.all([storage.close(), storage.close()]);
    await storage.close();
  });

  law("every call after close is refused", async ({ storage }) => {
    await storage.write({ entries: entries({ firstIndex: 1, lastIndex: 2, term: 1 }) });
    await storage.close();
    const range = { firstIndex: 1, lastIndex: 1, maxBytes: 100 };
    await assertRejects(storage.write({ entries: [entry(3, 1)] }), "QUORATE_CLOSED", "write after close");
    await assertRejects(storage.read(range), "QUORATE_CLOSED", "read after close");
    await assertRejects(storage.compact({ index: 1, term: 1 }), "QUORATE_CLOSED", "compact after close");
    await assertRejects(storage.initialise(someIdentity), "QUORATE_CLOSED", "initialise after close");
    await assertRejects(storage.load(), "QUORATE_CLOSED", "load after close");
  });

  law("a store that was never loaded can be closed", async () => {
    const storage = await options.open(await options.newLocation());
    await storage.close();
    await assertRejects(storage.load(), "QUORATE_CLOSED", "load after close");
  });

  reopenLaw("close waits for the writes that were called before it", async (session) => {
    const log = entries({ firstIndex: 1, lastIndex: 20, term: 1 });
    const settled: number[] = [];
    const writes = log.map(async (one) => {
      await session.storage.write({ entries: [one] });
      settled.push(one.index);
    });
    const closed = session.storage.close().then(() => settled.length);
    await Promise.all(writes);
    assertEqual(await closed, 20, "writes that were settled when close was");
    await assertReopened(session, log);
  });
}
