// What a server needs to answer clients of the binary protocol: the port itself, and the bytes of counters and registers.

export {
  decodeRead,
  decodeWrite,
  encodeCounterValue,
  encodeRegister,
} from "../operations/bytes.ts";
export type { KeyedWrite } from "../operations/bytes.ts";
export type { ReadOperation, WriteCondition, WriteOperation } from "../operations/operation.ts";
export { ClientPort } from "./client-port.ts";
export type { ClientPortOptions, Expulsion, Guest } from "./client-port.ts";
export { defaultClientPortLimits } from "./limits.ts";
export type { ClientPortLimits } from "./limits.ts";
export { serveClients } from "./listen.ts";
export type { ClientListener, ServeOptions, ServerTls } from "./listen.ts";
export type { Place, Reply, ServedApplication, ServedNode } from "./served.ts";
export { Watches } from "./watches.ts";
export type { Watch, Watchable, WatchedNode, Watcher, WatchLimits } from "./watches.ts";
export type { ClusterFacts } from "./failures.ts";
export type { ErrorScope, WireAnswer, WireError } from "../wire/answers.ts";
