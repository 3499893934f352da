// The suites that define the ports: run them against your adapter with your own test framework.

export { codecConformance } from "./codec.ts";
export type { CodecConformance } from "./codec.ts";
export { fuzzCodec } from "./codec-fuzz.ts";
export type { CodecFuzz, CodecFuzzReport } from "./codec-fuzz.ts";
export type { TestBody, TestFramework, TestFunction } from "./harness.ts";
export type { StorageCrash, StoreFiles, StoreHazards } from "./hazards.ts";
export { plainCodec } from "./plain-codec.ts";
export { snapshotStoreConformance } from "./snapshot.ts";
export type { SnapshotStoreConformance, SnapshotToWrite } from "./snapshot-session.ts";
export { stateMachineConformance } from "./state-machine.ts";
export type { StateMachineConformance } from "./state-machine.ts";
export { storageConformance } from "./storage.ts";
export { callStorage } from "./storage-model.ts";
export type { StorageCall } from "./storage-model.ts";
export type { StorageConformance } from "./storage-session.ts";
export { transportConformance } from "./transport.ts";
export type { TestServer, TransportConformance, TransportNetwork } from "./transport-session.ts";
