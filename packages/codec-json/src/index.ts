// Raft messages to readable JSON and back, for looking at what servers say to each other.

export { jsonCodec } from "./codec.ts";
export type { JsonCodecOptions } from "./codec.ts";
