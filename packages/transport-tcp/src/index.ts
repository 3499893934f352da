// Raft messages in checksummed frames over TCP or TLS: one-way connections to every peer, one for each lane.

export { certificateIdentity, identitiesOf } from "./certificate-identity.ts";
export { CertificateFiles } from "./certificate-files.ts";
export type { CertificateFilesEvents, CertificateFilesOptions } from "./certificate-files.ts";
export type { CertificateSet, Credentials, TlsFiles } from "./credentials.ts";
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
