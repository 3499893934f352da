// A transfer may end while a piece of it is being read: the peer needs it no more, or somebody else leads.
import { QuorateError, type SnapshotReader, type SnapshotStore } from "@quorate/contracts";
import { expect, test } from "vitest";
import { SnapshotSender } from "../src/snapshot-sender.ts";

const closed = new QuorateError({ code: "QUORATE_CLOSED", message: "closed", hint: "none" });

/** A store whose reader reads until it is closed, and rejects then, as the port says. */
function endlessStore(): { readonly store: SnapshotStore; readonly reading: Promise<void> } {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Uint8Array>();
  const configuration = { voters: ["n1"], learners: [] };
  const reader: SnapshotReader = {
    snapshot: { index: 1, term: 1, configuration, sizeBytes: 1, checksum: 1 },
    read: () => {
      begun.resolve();
      return ended.promise;
    },
    close: async () => ended.reject(closed),
  };
  const store: SnapshotStore = {
    load: () => Promise.resolve(reader.snapshot),
    create: () => Promise.reject(closed),
    openLatest: () => Promise.resolve(reader),
    close: () => Promise.resolve(),
  };
  return { store, reading: begun.promise };
}

test("a piece that was being read when its transfer ended is no failure of the disk", async () => {
  const { store, reading } = endlessStore();
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const parts = { store, chunkBytes: 10, resendMs: 100, now: () => 0, send: () => undefined, onError };
  const sender = new SnapshotSender(parts);
  sender.begin("n2");
  await reading;
  sender.close();
  // The rejected read is settled after a few turns of the promise queue.
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  expect(errors).toEqual([]);
});
