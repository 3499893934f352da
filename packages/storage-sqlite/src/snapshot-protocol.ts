// What the snapshot store asks its worker to do.

import type { InstalledSnapshot, SnapshotKey } from "./snapshot-format.ts";

/** One step; each that changes something is durable when it is answered. */
export type SnapshotOperation =
  | {
      readonly type: "block";
      readonly key: SnapshotKey;
      readonly blockNumber: number;
      readonly data: Uint8Array;
    }
  | { readonly type: "install"; readonly snapshot: InstalledSnapshot }
  | { readonly type: "forget"; readonly key: SnapshotKey }
  /** Answered with the bytes. The range is inside of the content. */
  | {
      readonly type: "read";
      readonly snapshot: InstalledSnapshot;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
    };
