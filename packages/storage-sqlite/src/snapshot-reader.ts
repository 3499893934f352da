// An open snapshot. As long as it is open, its blocks stay, even when a newer one has taken its place.

import { QuorateError, type SnapshotReader, type StoredSnapshot } from "@quorate/contracts";
import { closed, outOfRange } from "./errors.ts";
import type { InstalledSnapshot, SnapshotKey } from "./snapshot-format.ts";
import type { SnapshotHost } from "./snapshot-store.ts";

export class SqliteSnapshotReader implements SnapshotReader {
  readonly snapshot: StoredSnapshot;
  readonly #host: SnapshotHost;
  readonly #installed: InstalledSnapshot;
  readonly #reads = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(host: SnapshotHost, installed: InstalledSnapshot) {
    this.#host = host;
    this.#installed = installed;
    this.snapshot = installed.stored;
  }

  get key(): SnapshotKey {
    return this.#installed.key;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.#host.check();
    if (this.#closing !== undefined) throw new QuorateError(closed(this.#host.file));
    if (!isCount(offsetBytes) || !isCount(lengthBytes)) {
      throw new QuorateError(outOfRange(`${lengthBytes} bytes from ${offsetBytes} on of a snapshot`));
    }
    const inside = Math.max(0, Math.min(lengthBytes, this.snapshot.sizeBytes - offsetBytes));
    if (inside === 0) return new Uint8Array(0);
    const reading = this.#host.run({ type: "read", snapshot: this.#installed, offsetBytes, lengthBytes: inside });
    this.#reads.add(reading);
    try {
      // The worker answers reads with bytes.
      return (await reading) as Uint8Array;
    } finally {
      this.#reads.delete(reading);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#reads);
    this.#host.leave(this);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
