// The snapshot suite must be able to fail: a correct store passes all of its laws, and each mistake breaks the law that forbids
// it. The store is a small one of its own, because contracts depends on no adapter.

import { describe, expect, test } from "vitest";
import { snapshotStoreConformance } from "../src/conformance/index.ts";
import {
  crc32,
  QuorateError,
  type SnapshotPosition,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
  type StoredSnapshot,
} from "../src/index.ts";
import { brokenLaws, collectLaws } from "./suite-runner.ts";

type Stored = { readonly stored: StoredSnapshot; readonly content: readonly number[] };
type Disk = { latest: Stored | undefined };

/** Mistakes that a store can be told to make. */
type Mistake =
  | "none"
  | "shows what is not committed"
  | "forgets the latest on restart"
  | "forgets the outgoing voters"
  | "loses the last byte"
  | "computes another checksum"
  | "takes whatever was expected"
  | "drops the old one when it refuses the new one"
  | "takes stale snapshots"
  | "lets the slower one win"
  | "writes on after commit"
  | "mixes two writers"
  | "counts no bytes"
  | "reads over the end"
  | "reads the newer one"
  | "goes on after close"
  | "fails the second close";

const refuse = (code: string): QuorateError => new QuorateError({ code, message: code, hint: code });

class ArraySnapshotStore implements SnapshotStore {
  readonly #disk: Disk;
  readonly #mistake: Mistake;
  readonly #mixed: number[] = [];
  #isClosed = false;

  constructor(disk: Disk, mistake: Mistake) {
    this.#disk = disk;
    this.#mistake = mistake;
  }

  async load(): Promise<StoredSnapshot | undefined> {
    this.#check();
    return this.#disk.latest?.stored;
  }

  async create(position: SnapshotPosition): Promise<SnapshotWriter> {
    this.#check();
    this.#refuseStale(position, "takes stale snapshots");
    const content: number[] = this.#mistake === "mixes two writers" ? this.#mixed : [];
    let isOver = false;
    const check = (): void => {
      this.#check();
      if (isOver && this.#mistake !== "writes on after commit") throw refuse("QUORATE_CLOSED");
    };
    const describeContent = (): StoredSnapshot => this.#describe(position, content);
    const mistake = this.#mistake;
    return {
      get sizeBytes() {
        return mistake === "counts no bytes" ? 0 : content.length;
      },
      write: async (chunk) => {
        check();
        for (const byte of chunk) content.push(byte);
        if (mistake === "shows what is not committed") this.#disk.latest = { stored: describeContent(), content };
      },
      commit: async (expected) => {
        check();
        isOver = true;
        const stored = describeContent();
        const fits = stored.sizeBytes === expected?.sizeBytes && stored.checksum === expected.checksum;
        if (expected !== undefined && !fits && mistake !== "takes whatever was expected") {
          if (mistake === "drops the old one when it refuses the new one") this.#disk.latest = undefined;
          throw refuse("QUORATE_SNAPSHOT_CORRUPT");
        }
        this.#refuseStale(position, "lets the slower one win");
        this.#disk.latest = { stored, content };
        return stored;
      },
      abort: async () => void (isOver = true),
    };
  }

  async openLatest(): Promise<SnapshotReader | undefined> {
    this.#check();
    const opened = this.#disk.latest;
    if (opened === undefined) return undefined;
    let isClosed = false;
    return {
      snapshot: opened.stored,
      read: async (offsetBytes, lengthBytes) => {
        this.#check();
        if (isClosed) throw refuse("QUORATE_CLOSED");
        const { content } = this.#mistake === "reads the newer one" ? (this.#disk.latest ?? opened) : opened;
        const found = Uint8Array.from(content.slice(offsetBytes, offsetBytes + lengthBytes));
        if (this.#mistake !== "reads over the end" || found.length === 0) return found;
        const padded = new Uint8Array(lengthBytes);
        padded.set(found);
        return padded;
      },
      close: async () => void (isClosed = true),
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed && this.#mistake === "fails the second close") throw refuse("QUORATE_CLOSED");
    this.#isClosed = true;
    if (this.#mistake === "forgets the latest on restart") this.#disk.latest = undefined;
  }

  #check(): void {
    if (this.#isClosed && this.#mistake !== "goes on after close") throw refuse("QUORATE_CLOSED");
  }

  #refuseStale({ index }: SnapshotPosition, mistake: Mistake): void {
    if (this.#mistake === mistake || index > (this.#disk.latest?.stored.index ?? 0)) return;
    throw refuse("QUORATE_SNAPSHOT_STALE");
  }

  #describe(position: SnapshotPosition, content: number[]): StoredSnapshot {
    if (this.#mistake === "loses the last byte") content.pop();
    const { voters, learners } = position.configuration;
    const configuration =
      this.#mistake === "forgets the outgoing voters" ? { voters, learners } : position.configuration;
    const checksum = this.#mistake === "computes another checksum" ? content.length : crc32(Uint8Array.from(content));
    return { ...position, configuration, sizeBytes: content.length, checksum };
  }
}

const lawsOf = (mistake: Mistake) =>
  collectLaws((framework) =>
    snapshotStoreConformance(framework, {
      name: "array",
      newLocation: (): Disk => ({ latest: undefined }),
      open: (disk) => new ArraySnapshotStore(disk, mistake),
    }),
  );

describe("the snapshot suite", () => {
  test("passes a correct store", async () => {
    expect(await brokenLaws(lawsOf("none"))).toEqual([]);
  });

  test.each<{ mistake: Mistake; law: string }>([
    { mistake: "shows what is not committed", law: "alone makes a snapshot the latest one" },
    { mistake: "forgets the latest on restart", law: "replaces the snapshot before" },
    {
      mistake: "forgets the outgoing voters",
      law: "is found again as it was written, in chunks of 1000 bytes",
    },
    { mistake: "loses the last byte", law: "may have 1 bytes" },
    { mistake: "computes another checksum", law: "may have 65536 bytes" },
    {
      mistake: "takes whatever was expected",
      law: "refuses what was expected with another checksum, and keeps the snapshot before",
    },
    {
      mistake: "drops the old one when it refuses the new one",
      law: "refuses what was expected with fewer bytes, and keeps the snapshot before",
    },
    {
      mistake: "takes stale snapshots",
      law: "a snapshot that goes no further than the latest one is refused",
    },
    {
      mistake: "lets the slower one win",
      law: "of two snapshots that are written at the same time the one that goes further stays",
    },
    { mistake: "writes on after commit", law: "ends the writer" },
    { mistake: "mixes two writers", law: "two snapshots at one index do not get into each other's way" },
    {
      mistake: "counts no bytes",
      law: "is written on from where the writer says, chunks that are views of a larger buffer included",
    },
    { mistake: "reads over the end", law: "give any part, fewer bytes at the end and none behind it" },
    { mistake: "reads the newer one", law: "go on with their snapshot when a newer one has taken its place" },
    {
      mistake: "goes on after close",
      law: "every call after close is refused, those of writers and readers too",
    },
    {
      mistake: "fails the second close",
      law: "close may be called again, also while the first close is running",
    },
  ])("catches a store that $mistake", async ({ mistake, law }) => {
    expect(await brokenLaws(lawsOf(mistake), law)).toEqual([law]);
  });

  test("reports the laws that an adapter cannot keep as skipped, with the reason", () => {
    const { skipped } = collectLaws((framework) =>
      snapshotStoreConformance(framework, {
        name: "array",
        newLocation: () => ({}),
        open: () => Promise.reject(new Error("not opened here")),
        cannotReopen: "it keeps nothing",
      }),
    );
    expect(skipped).toContain("replaces the snapshot before (skipped: it keeps nothing)");
  });
});

test.each([
  { text: "", checksum: 0 },
  { text: "123456789", checksum: 0xcbf43926 },
  { text: "The quick brown fox jumps over the lazy dog", checksum: 0x414fa339 },
])("crc32 of '$text' is what zlib says", ({ text, checksum }) => {
  const bytes = new TextEncoder().encode(text);
  expect(crc32(bytes)).toBe(checksum);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(checksum);
});
