// The public face of @quorate/storage-sqlite: what is exported here is the package's interface.

export { sqliteLogStorage } from "./log-storage.ts";
export type { SqliteLogStorageOptions } from "./options.ts";
export { sqliteSnapshotStore } from "./snapshot-store.ts";
export type { SqliteSnapshotStoreOptions } from "./options.ts";
