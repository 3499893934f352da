// The public face of @quorate/storage-file: what is exported here is the package's interface.

export { fileLogStorage } from "./file-log-storage.ts";
export { fileSnapshotStore } from "./file-snapshot-store.ts";
export type { FileSnapshotStoreOptions } from "./file-snapshot-store.ts";
export type { FileLogEvent, FileLogStorageOptions } from "./options.ts";
