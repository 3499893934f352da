// A snapshot in the making: content is cut into blocks, and nobody finds them before the store names them the latest snapshot.

import { crc32 } from "node:zlib";
import { QuorateError, type SnapshotPosition, type SnapshotWriter, type StoredSnapshot } from "@quorate/contracts";
import { closed, snapshotCorrupt } from "./errors.ts";
import { blockBytes, type SnapshotKey } from "./snapshot-format.ts";
import type { SnapshotHost } from "./snapshot-store.ts";

type Expected = { readonly sizeBytes: number; readonly checksum: number };

export class SqliteSnapshotWriter implements SnapshotWriter {
  readonly #host: SnapshotHost;
  readonly #position: SnapshotPosition;
  readonly #key: SnapshotKey;
  /** The block that is being filled; a full one is handed over, so each has a buffer of its own. */
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(blockBytes);
  #blockNumber = 0;
  #bytesInBlock = 0;
  #checksum = 0;
  #isOver = false;
  /** Calls take their turn: a caller that does not wait does no harm. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(host: SnapshotHost, position: SnapshotPosition, key: SnapshotKey) {
    this.#host = host;
    this.#position = position;
    this.#key = key;
  }

  get sizeBytes(): number {
    return this.#blockNumber * blockBytes + this.#bytesInBlock;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      this.#check();
      await this.#orForget(this.#append(chunk));
    });
  }

  commit(expected?: Expected): Promise<StoredSnapshot> {
    return this.#inTurn(async () => {
      this.#check();
      this.#isOver = true;
      const stored = { ...this.#position, sizeBytes: this.sizeBytes, checksum: this.#checksum };
      await this.#orForget(this.#finish(stored, expected));
      this.#host.leave(this);
      return stored;
    });
  }

  abort(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isOver) return;
      await this.#forget();
    });
  }

  #inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #check(): void {
    this.#host.check();
    if (this.#isOver) throw new QuorateError(closed(this.#host.file));
  }

  async #append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + blockBytes - this.#bytesInBlock);
      this.#block.set(taken, this.#bytesInBlock);
      this.#bytesInBlock += taken.length;
      this.#checksum = crc32(taken, this.#checksum);
      at += taken.length;
      if (this.#bytesInBlock === blockBytes) await this.#sendBlock(this.#block);
    }
  }

  async #sendBlock(data: Uint8Array<ArrayBuffer>): Promise<void> {
    const sent = this.#host.run({ type: "block", key: this.#key, blockNumber: this.#blockNumber, data });
    this.#block = new Uint8Array(blockBytes);
    this.#blockNumber += 1;
    this.#bytesInBlock = 0;
    await sent;
  }

  async #finish(stored: StoredSnapshot, expected: Expected | undefined): Promise<void> {
    if (expected !== undefined) this.#refuseOther(stored, expected);
    if (this.#bytesInBlock > 0) await this.#sendBlock(this.#block.slice(0, this.#bytesInBlock));
    await this.#host.install({ key: this.#key, stored });
  }

  #refuseOther({ sizeBytes, checksum }: StoredSnapshot, expected: Expected): void {
    if (sizeBytes === expected.sizeBytes && checksum === expected.checksum) return;
    throw new QuorateError(
      snapshotCorrupt({
        file: `The snapshot at index ${this.#position.index} for ${this.#host.file}`,
        expected: `${expected.sizeBytes} bytes with checksum ${expected.checksum}`,
        found: `${sizeBytes} bytes with checksum ${checksum}`,
      }),
    );
  }

  async #orForget(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      await this.#forget();
      throw error;
    }
  }

  /** What is left behind if this fails is removed by the next load. */
  async #forget(): Promise<void> {
    this.#isOver = true;
    await this.#host.run({ type: "forget", key: this.#key }).catch(() => undefined);
    this.#host.leave(this);
  }
}
