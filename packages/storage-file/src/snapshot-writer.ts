// A snapshot file in the making: content goes out block by block under a temporary name; the header follows at the end, and
// only the header makes it a snapshot.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { SnapshotPosition, SnapshotWriter, StoredSnapshot } from "@quorate/contracts";
import { closed, notMade, snapshotCorrupt, storageFailed } from "./errors.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { viewOf } from "./format.ts";
import type { SnapshotFile } from "./snapshot-file.ts";
import {
  BLOCK_BYTES,
  BLOCK_CRC_BYTES,
  blockCrc,
  blockStart,
  encodeSnapshotHeader,
  headerBytesOf,
  SNAPSHOT_FORMAT_VERSION,
  SNAPSHOT_ID_BYTES,
} from "./snapshot-format.ts";

/** What a writer needs of its store. */
export type WriterHost = {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Throws if the store is closed or has failed. */
  check(): void;
  /** Notes a failure of the disk, which ends the store unless it is but a lack of space; returns what callers are told. */
  fail(cause: unknown): unknown;
  /** Gives the finished file its name and makes it the latest snapshot, durably; rejects if it is stale. */
  install(temporary: string, file: Pick<SnapshotFile, "header">): Promise<void>;
  /** The writer is over. */
  forget(writer: FileSnapshotWriter): void;
};

export class FileSnapshotWriter implements SnapshotWriter {
  readonly #host: WriterHost;
  readonly #position: SnapshotPosition;
  readonly #path: string;
  readonly #file: OpenFile;
  readonly #headerBytes: number;
  readonly #id: Uint8Array = new Uint8Array(randomBytes(SNAPSHOT_ID_BYTES));
  /** Room for the block that is being filled and its checksum. */
  readonly #block: Uint8Array = new Uint8Array(BLOCK_BYTES + BLOCK_CRC_BYTES);
  #blockNumber = 0;
  #bytesInBlock = 0;
  #checksum = 0;
  #isOver = false;
  /** Calls take their turn: a caller that does not wait does no harm. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(host: WriterHost, parts: { position: SnapshotPosition; path: string; file: OpenFile }) {
    this.#host = host;
    this.#position = parts.position;
    this.#path = parts.path;
    this.#file = parts.file;
    this.#headerBytes = headerBytesOf(parts.position);
  }

  /** Begins a snapshot in a file of this name. */
  static async begin(host: WriterHost, position: SnapshotPosition, name: string): Promise<FileSnapshotWriter> {
    const path = join(host.directory, name);
    try {
      return new FileSnapshotWriter(host, { position, path, file: await host.fileSystem.open(path, "create") });
    } catch (cause) {
      throw host.fail(notMade({ action: "create the snapshot", path, cause }));
    }
  }

  get sizeBytes(): number {
    return this.#blockNumber * BLOCK_BYTES + this.#bytesInBlock;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      this.#check();
      await this.#orFail(this.#append(chunk), notMade);
    });
  }

  commit(expected?: { readonly sizeBytes: number; readonly checksum: number }): Promise<StoredSnapshot> {
    return this.#inTurn(async () => {
      this.#check();
      this.#isOver = true;
      const stored = { ...this.#position, sizeBytes: this.sizeBytes, checksum: this.#checksum };
      try {
        if (expected !== undefined) this.#refuseOther(stored, expected);
        await this.#orFail(this.#writeRest(stored), notMade);
        await this.#orFail(this.#flush(), storageFailed);
        const header = { version: SNAPSHOT_FORMAT_VERSION, stored, id: this.#id, headerBytes: this.#headerBytes };
        await this.#host.install(this.#path, { header });
      } catch (error) {
        await this.#discard();
        throw error;
      } finally {
        this.#host.forget(this);
      }
      return stored;
    });
  }

  abort(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#host.forget(this);
      await this.#discard();
    });
  }

  #inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #check(): void {
    this.#host.check();
    if (this.#isOver) throw closed(this.#path);
  }

  async #append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + BLOCK_BYTES - this.#bytesInBlock);
      this.#block.set(taken, this.#bytesInBlock);
      this.#bytesInBlock += taken.length;
      this.#checksum = crc32(taken, this.#checksum);
      at += taken.length;
      if (this.#bytesInBlock < BLOCK_BYTES) return;
      await this.#writeBlock();
      this.#blockNumber += 1;
      this.#bytesInBlock = 0;
    }
  }

  async #writeBlock(): Promise<void> {
    const content = this.#block.subarray(0, this.#bytesInBlock);
    viewOf(this.#block).setUint32(content.length, blockCrc(this.#id, this.#blockNumber, content), true);
    const bytes = this.#block.subarray(0, content.length + BLOCK_CRC_BYTES);
    await this.#file.write(bytes, blockStart(this.#headerBytes, this.#blockNumber));
  }

  async #writeRest(stored: StoredSnapshot): Promise<void> {
    if (this.#bytesInBlock > 0) await this.#writeBlock();
    await this.#file.write(encodeSnapshotHeader(stored, this.#id), 0);
  }

  async #flush(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
  }

  #refuseOther(
    { sizeBytes, checksum }: StoredSnapshot,
    expected: { readonly sizeBytes: number; readonly checksum: number },
  ): void {
    if (sizeBytes === expected.sizeBytes && checksum === expected.checksum) return;
    throw snapshotCorrupt({
      file: this.#path,
      offset: Math.min(sizeBytes, expected.sizeBytes),
      expected: `${expected.sizeBytes} bytes with checksum ${expected.checksum}`,
      found: `${sizeBytes} bytes with checksum ${checksum}`,
    });
  }

  async #orFail(work: Promise<void>, describe: typeof notMade): Promise<void> {
    try {
      await work;
    } catch (cause) {
      const failure = this.#host.fail(describe({ action: "write and sync the snapshot", path: this.#path, cause }));
      // The space that it took may be what the disk lacks.
      await this.#discard();
      this.#host.forget(this);
      throw failure;
    }
  }

  /** What is left behind if this fails is removed by the next load. */
  async #discard(): Promise<void> {
    this.#isOver = true;
    await this.#file.close().catch(() => undefined);
    await this.#host.fileSystem.remove(this.#path).catch(() => undefined);
  }
}
