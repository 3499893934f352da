// A write or sync that failed ends the store: nothing is acknowledged, nothing is tried again, everything is refused with
// the cause and a remedy, until the directory is opened anew.

import type { LogStorage } from "@quorate/contracts";
import { describe, expect, test, vi } from "vitest";
import type { FileLogEvent } from "../src/options.ts";
import { codeOfRejection, command, findIn, findOn, storageOn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const someRange = { firstIndex: 1, lastIndex: 1, maxBytes: 100 };

/** A system error as node throws it. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: the system says no`), { code });
}

/** Fails every operation of this kind on files with such a name, from now on. Returns the names it failed for. */
function failOn(
  disk: TestDisk,
  operation: string,
  failure: { readonly name: RegExp; readonly code: string },
): string[] {
  const failed: string[] = [];
  disk.onOperation = (current, name) => {
    if (current !== operation || !failure.name.test(name)) return;
    failed.push(name);
    throw systemError(failure.code);
  };
  return failed;
}

describe("after a failed sync", () => {
  test("no write in flight is acknowledged, and the sync is not repeated", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    const failed = failOn(disk, "sync", { name: /log$/, code: "EIO" });
    const writes = [2, 3, 4].map(async (index) => codeOfRejection(storage.write({ entries: [command(index, 1)] })));
    expect(await Promise.all(writes)).toEqual(Array.from({ length: 3 }, () => "QUORATE_STORAGE_FAILED"));
    await storage.close();
    expect(failed).toHaveLength(1);
  });

  test("P05 every later call is refused with the cause, even when the disk works again", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    failOn(disk, "sync", { name: /log$/, code: "EIO" });
    await codeOfRejection(storage.write({ entries: [command(2, 1)] }));
    disk.onOperation = () => {};
    expect(await codeOfRejection(storage.write({ entries: [command(3, 1)] }))).toBe("QUORATE_STORAGE_FAILED");
    expect(await codeOfRejection(storage.read(someRange))).toBe("QUORATE_STORAGE_FAILED");
    const error: unknown = await storage.write({ entries: [] }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: expect.stringContaining("/disk/segment-0000000001.log: EIO"),
      hint: expect.stringContaining("Check the disk"),
      cause: { code: "EIO" },
    });
    await storage.close();
    expect(await codeOfRejection(storage.read(someRange))).toBe("QUORATE_CLOSED");
  });

  test("a store that is opened anew has everything that was acknowledged", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    failOn(disk, "write", { name: /log$/, code: "EIO" });
    await codeOfRejection(storage.write({ entries: [command(2, 1)] }));
    await storage.close();
    disk.onOperation = () => {};
    expect((await findOn(disk)).entries).toEqual([command(1, 1)]);
  });
});

describe("a full disk", () => {
  /** Both segments fit; the next one does not. */
  async function shortOfSpace(): Promise<{ disk: TestDisk; storage: LogStorage; events: FileLogEvent[] }> {
    const disk = new TestDisk();
    const events: FileLogEvent[] = [];
    const storage = storageOn(disk, { onEvent: (event) => events.push(event) });
    await storage.load();
    disk.capacityBytes = 100_000;
    await storage.write({ entries: [command(1, 1, 40_000)] });
    await storage.write({ entries: [command(2, 1, 100)] });
    return { disk, storage, events };
  }

  test("is noticed while there is space for half a segment, and said once", async () => {
    const { disk, storage, events } = await shortOfSpace();
    expect(storage.isShortOfSpace).toBe(true);
    await storage.write({ hardState: { term: 2, votedFor: "n2" }, entries: [command(3, 2, 100)] });
    expect(events).toEqual([
      {
        type: "nextSegmentFailed",
        file: "/disk/segment-0000000002.log",
        reason: "ENOSPC",
        remainingBytes: expect.any(Number),
        hint: expect.stringContaining("nothing has to be restarted"),
      },
    ]);
    // What did not fit takes no space from others.
    expect(disk.fileNames.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    await storage.close();
  });

  test("makes writes wait, in order, and reads go on; when there is space, everything does", async () => {
    const { disk, storage, events } = await shortOfSpace();
    const order: number[] = [];
    const writes = [3, 4].map(async (index) => {
      await storage.write({ entries: [command(index, 1, 30_000)] });
      order.push(index);
    });
    const range = { firstIndex: 1, lastIndex: 4, maxBytes: 1_000_000 };
    expect(await storage.read(range)).toHaveLength(4);
    expect(order).toEqual([]);
    disk.capacityBytes = 1_000_000;
    await Promise.all(writes);
    expect(order).toEqual([3, 4]);
    await vi.waitUntil(() => !storage.isShortOfSpace);
    expect(events.at(-1)).toEqual({ type: "spaceReturned", file: "/disk/segment-0000000003.log" });
    await storage.close();
    expect((await findOn(disk)).entries).toHaveLength(4);
  });

  test("is got over before anything has to wait if space comes back in time", async () => {
    const { disk, storage, events } = await shortOfSpace();
    const returned = Promise.withResolvers<void>();
    disk.onOperation = (operation, name) => {
      if (operation === "rename" && name === "segment-0000000002.log") returned.resolve();
    };
    disk.capacityBytes = 1_000_000;
    await returned.promise;
    await storage.write({ entries: [command(3, 1, 40_000)] });
    expect(events.map(({ type }) => type)).toEqual(["nextSegmentFailed", "spaceReturned"]);
    await storage.close();
    expect((await findOn(disk)).entries).toHaveLength(3);
  });

  test("does not keep a store from being closed, nor from being opened: what waited was not written", async () => {
    const { disk, storage } = await shortOfSpace();
    const waiting = storage.write({ entries: [command(3, 1, 40_000)] }).catch((reason: unknown) => reason);
    await storage.close();
    expect(await waiting).toMatchObject({
      code: "QUORATE_STORAGE_FAILED",
      message: expect.stringContaining("ENOSPC"),
      hint: expect.stringContaining("Free space"),
    });
    const reopened = storageOn(disk);
    expect((await findIn(reopened)).entries).toHaveLength(2);
    await reopened.write({ hardState: { term: 3, votedFor: "n3" }, entries: [] });
    disk.capacityBytes = 1_000_000;
    await reopened.write({ entries: [command(3, 3, 40_000)] });
    await reopened.close();
    expect((await findOn(disk)).entries).toHaveLength(3);
  });

  test("is a failure when a new log has no space for its first segment", async () => {
    const disk = new TestDisk();
    disk.capacityBytes = 20_000;
    const storage = storageOn(disk);
    await storage.load();
    const identity = { clusterId: "c", nodeId: "n", incarnation: "i", configuration: { voters: ["n"], learners: [] } };
    expect(await codeOfRejection(storage.initialise(identity))).toBe("QUORATE_STORAGE_FAILED");
    await storage.close();
  });
});

test("a next segment that cannot be made for another reason than space is a failure once it is needed", async () => {
  const disk = new TestDisk();
  const events: FileLogEvent[] = [];
  const storage = storageOn(disk, { onEvent: (event) => events.push(event) });
  await storage.load();
  failOn(disk, "write", { name: /0002.log.tmp$/, code: "EIO" });
  await storage.write({ entries: [command(1, 1, 40_000)] });
  expect(await codeOfRejection(storage.write({ entries: [command(2, 1, 40_000)] }))).toBe("QUORATE_STORAGE_FAILED");
  expect(storage.isShortOfSpace).toBe(false);
  expect(events).toEqual([expect.objectContaining({ type: "nextSegmentFailed", reason: "EIO" })]);
  await storage.close();
});

describe("a directory that cannot be used", () => {
  test.each([
    { code: "EACCES", remedy: "permission" },
    { code: "EROFS", remedy: "Mount the file system writable" },
  ])("is refused with a remedy ($code)", async ({ code, remedy }) => {
    const disk = new TestDisk();
    failOn(disk, "makeDirectory", { name: /disk/, code });
    const error: unknown = await storageOn(disk)
      .load()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "QUORATE_STORAGE_FAILED", hint: expect.stringContaining(remedy) });
  });
});

describe("an identity that cannot be written", () => {
  test.each(["rename", "syncDirectory", "open"])("fails the store at %s", async (operation) => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    failOn(disk, operation, { name: /./, code: "EROFS" });
    const identity = { clusterId: "c", nodeId: "n", incarnation: "i", configuration: { voters: ["n"], learners: [] } };
    expect(await codeOfRejection(storage.initialise(identity))).toBe("QUORATE_STORAGE_FAILED");
    expect(await codeOfRejection(storage.write({ entries: [command(2, 1)] }))).toBe("QUORATE_STORAGE_FAILED");
    await storage.close();
  });
});

describe("limits", () => {
  test("writes beyond maxQueuedBytes are refused, change nothing, and may be sent again later", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk, { maxQueuedBytes: 1024 * 1024 });
    await storage.load();
    const first = storage.write({ entries: [command(1, 1, 700_000)] });
    expect(await codeOfRejection(storage.write({ entries: [command(2, 1, 700_000)] }))).toBe("QUORATE_BUSY");
    await first;
    await storage.write({ entries: [command(2, 1, 700_000)] });
    await storage.close();
    expect((await findOn(disk)).entries).toHaveLength(2);
  });

  test("a single write may be larger than the limit and than a segment", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk, { maxQueuedBytes: 1024 * 1024 });
    await storage.load();
    await storage.write({ entries: [command(1, 1, 3_000_000)] });
    await storage.write({ entries: [command(2, 1, 10)] });
    await storage.close();
    expect((await findOn(disk)).entries).toEqual([command(1, 1, 3_000_000), command(2, 1, 10)]);
  });

  test("a vote for a name that is too long is refused", async () => {
    const storage = storageOn(new TestDisk());
    await storage.load();
    const hardState = { term: 1, votedFor: "n".repeat(513) };
    expect(await codeOfRejection(storage.write({ hardState, entries: [] }))).toBe("QUORATE_WRITE_REFUSED");
    await storage.close();
  });

  test.each([
    [{ segmentBytes: 1000 }, "segmentBytes must be a whole number from 8192 to 1073741824, not 1000."],
    [{ segmentBytes: 2 ** 31 }, "segmentBytes must be a whole number from 8192 to 1073741824, not 2147483648."],
    [{ maxQueuedBytes: 0 }, "maxQueuedBytes must be a whole number of at least 1048576, not 0."],
    [{ sealAfterMs: 0 }, "sealAfterMs must be a whole number from 1 to 60000, not 0."],
    [{ sealAfterMs: 1.5 }, "sealAfterMs must be a whole number from 1 to 60000, not 1.5."],
    [{ directory: "" }, 'The option directory is "".'],
  ])("the option %o is refused with its bounds", (option, message) => {
    expect(() => storageOn(new TestDisk(), option)).toThrowError(
      expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID", message }),
    );
  });
});
