// Raft messages in checksummed frames over TCP or TLS: one-way connections to every peer, one for each lane.

export { certificateIdentity, identitiesOf } from "./certificate-identity.ts";
export type { TlsFiles } from "./credentials.ts";
export type {
  TcpAddress,
  TcpBackoff,
  TcpLimits,
  TcpPeers,
  TcpTimeouts,
  TcpTls,
  TcpTransportOptions,
} from "./options.ts";
export { tcpTransport } from "./tcp-transport.ts";
export type { TcpTransport } from "./tcp-transport.ts";
