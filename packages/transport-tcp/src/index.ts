// Raft messages in checksummed frames over TCP: two one-way connections to every peer, one for each lane.

export type { TcpAddress, TcpBackoff, TcpLimits, TcpPeers, TcpTimeouts, TcpTransportOptions } from "./options.ts";
export { tcpTransport } from "./tcp-transport.ts";
export type { TcpTransport } from "./tcp-transport.ts";
