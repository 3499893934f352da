// The public face of @quorate/memory: what is exported here is the package's interface.

export { memoryDisk, memoryLogStorage } from "./log-storage.ts";
export type { MemoryDisk } from "./log-storage.ts";
export { memoryNetwork } from "./transport.ts";
export type { MemoryLink, MemoryNetwork, MemoryNetworkOptions } from "./transport.ts";
