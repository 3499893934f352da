// The public face of @quorate/memory: what is exported here is the package's interface.

export { memoryDisk } from "./disk.ts";
export type { MemoryDisk, MemorySnapshot } from "./disk.ts";
export { memoryLogStorage } from "./log-storage.ts";
export { memorySnapshotStore } from "./snapshot-store.ts";
export { memoryNetwork } from "./transport.ts";
export type { MemoryLink, MemoryNetwork, MemoryNetworkOptions } from "./transport.ts";
export { faultyNetwork } from "./faults.ts";
export type { FaultCounts, FaultyLink, FaultyNetwork, FaultyNetworkOptions, LinkFaults } from "./faults.ts";
