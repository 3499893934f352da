// The public face of @quorate/storage-file: what is exported here is the package's interface.

export type { Damage } from "./damage.ts";
export { fileLogStorage } from "./file-log-storage.ts";
export { fileSnapshotStore } from "./file-snapshot-store.ts";
export type { FileSnapshotStoreOptions } from "./file-snapshot-store.ts";
export { inspectFileLog } from "./inspect-log.ts";
export type { LogInspection, LogReport, ReportedEntry, SegmentReport } from "./inspect-log.ts";
export { inspectFileSnapshots } from "./inspect-snapshots.ts";
export type { SnapshotReport, SnapshotsReport } from "./inspect-snapshots.ts";
export type { FileLogEvent, FileLogStorageOptions } from "./options.ts";
