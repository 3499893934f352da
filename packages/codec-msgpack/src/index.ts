// Raft messages to MessagePack bytes and back, for any transport that takes a codec.

export { msgpackCodec } from "./codec.ts";
export type { MsgpackCodecOptions } from "./codec.ts";
