// Raft messages over the subjects of a NATS server.

export { natsTransport } from "./nats-transport.ts";
export type { NatsTransport } from "./nats-transport.ts";
export type {
  GivenConnection,
  NatsLimits,
  NatsReconnect,
  NatsTimeouts,
  NatsTransportOptions,
  OwnConnection,
} from "./options.ts";
export { tokenOf } from "./subjects.ts";
