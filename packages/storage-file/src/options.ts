// What a user can set, and its bounds.

import { checkWholeNumber } from "@quorate/contracts";
import { invalidDirectory } from "./errors.ts";

/** Something worth a line in the server's log. */
export type FileLogEvent =
  | {
      /** During `load`: a write that was never acknowledged had been torn by a crash; its remains were removed. */
      readonly type: "tornWriteRemoved";
      readonly file: string;
      /** Where the log ends now. */
      readonly offset: number;
      readonly bytes: number;
    }
  | {
      /**
       * The next segment could not be made ahead of time, usually because the disk is full. No harm yet: `remainingBytes` may
       * still be written. On a full disk the store is then short of space, tries again, and waits if need be; anything else
       * makes it fail when the segment is needed.
       */
      readonly type: "nextSegmentFailed";
      readonly file: string;
      /** The system's error code, such as `ENOSPC`. */
      readonly reason: string;
      readonly remainingBytes: number;
      /** What to do. */
      readonly hint: string;
    }
  | {
      /** There was no space for this segment, and now there is: the store goes on by itself. */
      readonly type: "spaceReturned";
      readonly file: string;
    };

/** Where the log is kept, and the limits it works within. Each has a default but the directory. */
export type FileLogStorageOptions = {
  /** Where the log is kept; made if missing. One server, one directory. */
  readonly directory: string;
  /** Size of a segment file, all of it taken from the disk at once. 8 KiB to 1 GiB, default 8 MiB. A larger write gets a larger segment. */
  readonly segmentBytes?: number | undefined;
  /** Bytes of writes that may wait for the disk; more are refused with `QUORATE_BUSY`. At least 1 MiB, default 256 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** After this long without writes a seal is written, which tells rot in the last write from a torn write. 1 to 60,000 ms, default 100 ms. */
  readonly sealAfterMs?: number | undefined;
  /** Called by `load`, and once for each segment that could not be made ahead of time. Must not throw. */
  readonly onEvent?: ((event: FileLogEvent) => void) | undefined;
};

/** The options with their defaults in place. */
export type LogSettings = {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly maxQueuedBytes: number;
  readonly sealAfterMs: number;
  readonly onEvent: (event: FileLogEvent) => void;
};

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const bounds = {
  segmentBytes: { from: 8 * kibibyte, to: 1024 * mebibyte },
  maxQueuedBytes: { from: mebibyte },
  sealAfterMs: { from: 1, to: 60_000 },
} as const;

const hint = "Correct this option of fileLogStorage; the options after it were not looked at yet.";

/** The settings that the options ask for; throws `QUORATE_OPTIONS_INVALID` for the first that is out of its bounds. */
export function checkOptions(options: FileLogStorageOptions): LogSettings {
  if (typeof options.directory !== "string" || options.directory === "") {
    throw invalidDirectory(options.directory);
  }
  const settings = {
    directory: options.directory,
    segmentBytes: options.segmentBytes ?? 8 * mebibyte,
    maxQueuedBytes: options.maxQueuedBytes ?? 256 * mebibyte,
    sealAfterMs: options.sealAfterMs ?? 100,
    onEvent: options.onEvent ?? (() => {}),
  };
  for (const option of ["segmentBytes", "maxQueuedBytes", "sealAfterMs"] as const) {
    checkWholeNumber({ option, value: settings[option], ...bounds[option], hint });
  }
  return settings;
}
