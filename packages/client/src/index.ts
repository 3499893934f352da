// The public face of @quorate/client: what is exported here is the package's interface.

export { createClient } from "./client.ts";
export type { Client } from "./client.ts";
export type { Counter } from "./counter.ts";
export type { Dial } from "./tcp/connection.ts";
export type { TlsOptions } from "./tcp/node-sockets.ts";
export type { ByteChannel, ByteChannelEvents } from "./wire/channel.ts";
export type { ClientOptions, FetchFunction, RetryOptions } from "./options.ts";
export type { Register } from "./register.ts";
export type {
  Consistency,
  CounterState,
  CounterValue,
  JsonValue,
  Leadership,
  LogPosition,
  MemberStatus,
  NodeStatus,
  ReadMark,
  ReadOptions,
  RegisterState,
  RegisterValue,
  WatchOptions,
  WriteMark,
  WriteOptions,
} from "./types.ts";
