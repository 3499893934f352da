// An open snapshot. It keeps its file open, so that the file stays readable even when its name is gone.

import { isQuorateError, type SnapshotReader, type StoredSnapshot } from "@quorate/contracts";
import { closed, outOfRange, storageFailed } from "./errors.ts";
import type { OpenFile } from "./file-system.ts";
import { readContent, type SnapshotFile } from "./snapshot-file.ts";

/** What a reader needs of its store. */
export type ReaderHost = {
  /** Throws if the store is closed or has failed. */
  check(): void;
  /** Notes a failure of the disk, which ends the store; returns what callers are told. */
  fail(cause: unknown): unknown;
  /** The reader is closed. */
  forget(reader: SnapshotReader): void;
};

export class FileSnapshotReader implements SnapshotReader {
  readonly snapshot: StoredSnapshot;
  readonly #host: ReaderHost;
  readonly #source: SnapshotFile & { readonly file: OpenFile };
  readonly #reads = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(host: ReaderHost, source: SnapshotFile & { readonly file: OpenFile }) {
    this.#host = host;
    this.#source = source;
    this.snapshot = source.header.stored;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.#host.check();
    if (this.#closing !== undefined) throw closed(this.#source.path);
    if (!isCount(offsetBytes) || !isCount(lengthBytes)) {
      throw outOfRange(`${lengthBytes} bytes from ${offsetBytes} on of a snapshot`);
    }
    const reading = readContent(this.#source, { offsetBytes, lengthBytes });
    this.#reads.add(reading);
    try {
      return await reading;
    } catch (cause) {
      // Damage concerns this snapshot alone: a new one heals the store.
      if (isQuorateError(cause)) throw cause;
      throw this.#host.fail(storageFailed({ action: "read", path: this.#source.path, cause }));
    } finally {
      this.#reads.delete(reading);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#host.forget(this);
    await Promise.allSettled(this.#reads);
    await this.#source.file.close().catch(() => undefined);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
