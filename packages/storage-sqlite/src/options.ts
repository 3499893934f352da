// What a user can set, and its bounds.

import { resolve } from "node:path";
import { checkWholeNumber, QuorateError } from "@quorate/contracts";
import { invalidDirectory } from "./errors.ts";

/** Where the log is kept, and the limits it works within. Each has a default but the directory. */
export type SqliteLogStorageOptions = {
  /** Where the database is kept; made if missing. One server, one directory. On a local disk: SQLite's locks need one. */
  readonly directory: string;
  /** Bytes of writes that may wait for the disk; more are refused with `QUORATE_BUSY`. At least 1 MiB, default 256 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** After this long without writes the write-ahead log is moved into the database. 1 to 60,000 ms, default 100 ms. */
  readonly sealAfterMs?: number | undefined;
};

/** Where snapshots are kept. */
export type SqliteSnapshotStoreOptions = {
  /** Made if missing. One server, one directory; that of its log will do. */
  readonly directory: string;
};

/** The options with their defaults in place. */
export type LogSettings = {
  readonly directory: string;
  readonly maxQueuedBytes: number;
  readonly sealAfterMs: number;
};

const mebibyte = 1024 * 1024;
const bounds = {
  maxQueuedBytes: { from: mebibyte },
  sealAfterMs: { from: 1, to: 60_000 },
} as const;

const hint = "Correct this option of sqliteLogStorage; the options after it were not looked at yet.";

/** The settings that the options ask for; throws `QUORATE_OPTIONS_INVALID` for the first that is out of its bounds. */
export function checkOptions(options: SqliteLogStorageOptions): LogSettings {
  const settings = {
    directory: checkDirectory(options),
    maxQueuedBytes: options.maxQueuedBytes ?? 256 * mebibyte,
    sealAfterMs: options.sealAfterMs ?? 100,
  };
  for (const option of ["maxQueuedBytes", "sealAfterMs"] as const) {
    checkWholeNumber({ option, value: settings[option], ...bounds[option], hint });
  }
  return settings;
}

/** The absolute path of the directory; throws `QUORATE_OPTIONS_INVALID` if there is none. */
export function checkDirectory({ directory }: { readonly directory: string }): string {
  if (typeof directory === "string" && directory !== "") return resolve(directory);
  throw new QuorateError(invalidDirectory(directory));
}
