// Why a connection ended, as a code and a sentence that stays the same from attempt to attempt, so that it is told once.

import { codeOf, QuorateError } from "@quorate/contracts";
import type { TcpAddress } from "./options.ts";

/** One reason, ready for an event. */
export type Failure = {
  readonly code: string;
  /** Names the peer and the address; without ports or times that change with every attempt. */
  readonly detail: string;
};

/** The error codes of this transport. */
export const codes = {
  unreachable: "QUORATE_PEER_UNREACHABLE",
  unknownPeer: "QUORATE_PEER_UNKNOWN",
  clusterMismatch: "QUORATE_CLUSTER_MISMATCH",
  peerMismatch: "QUORATE_PEER_MISMATCH",
  versionMismatch: "QUORATE_VERSION_MISMATCH",
  duplicateId: "QUORATE_DUPLICATE_ID",
  garbage: "QUORATE_DECODE_FAILED",
  tlsRequired: "QUORATE_TLS_REQUIRED",
  tlsUnusable: "QUORATE_TLS_UNUSABLE",
  certificateMismatch: "QUORATE_CERTIFICATE_MISMATCH",
  certificateRefused: "QUORATE_CERTIFICATE_REFUSED",
  certificateExpiring: "QUORATE_CERTIFICATE_EXPIRING",
  certificateExpired: "QUORATE_CERTIFICATE_EXPIRED",
} as const;

/** `host:port`, with brackets around IPv6. */
export function describeAddress(address: TcpAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** What a system error on a connection to a peer means. */
export function describeSocketError(error: unknown, where: { readonly peer: string; readonly at: string }): Failure {
  const code = codeOf(error);
  const { peer, at } = where;
  return { code: codes.unreachable, detail: describeSystemCode(code, { peer, at }) };
}

function describeSystemCode(code: string | undefined, where: { readonly peer: string; readonly at: string }): string {
  const subject = `${where.peer} at ${where.at}`;
  switch (code) {
    case "ECONNREFUSED":
      return `${subject} refused the connection: no server listens there`;
    case "ETIMEDOUT":
      return `${subject} timed out`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
      return `${subject}: the name was not found`;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `${subject}: the network has no way there`;
    case "ECONNRESET":
    case "EPIPE":
      return `${subject} broke the connection`;
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return `${subject} does not speak TLS 1.3 (${code})`;
    case undefined:
    default:
      return `${subject} failed: ${code ?? "unknown error"}`;
  }
}

/** What a failure to listen means, and what to do about it. */
export function listenError(error: unknown, listen: TcpAddress): QuorateError {
  const at = describeAddress(listen);
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return new QuorateError({
        code: "QUORATE_ADDRESS_IN_USE",
        message: `Cannot listen on ${at}: another process does.`,
        hint: "Stop the other process, or choose another port in `listen`. Is this server running twice?",
        retryable: true,
        cause: error,
      });
    case "EACCES":
      return unusable(error, `Cannot listen on ${at}: not permitted.`, "Choose a port of 1024 or above.");
    case "EADDRNOTAVAIL":
      return unusable(
        error,
        `Cannot listen on ${at}: this machine does not have that address.`,
        "Give `listen.host` an address of this machine, or 0.0.0.0 or :: for all of them.",
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return unusable(error, `Cannot listen on ${at}: the name was not found.`, "Check `listen.host`.");
    case undefined:
    default:
      return unusable(error, `Cannot listen on ${at}: ${String(error)}.`, "Check `listen`.");
  }
}

function unusable(cause: unknown, message: string, hint: string): QuorateError {
  return new QuorateError({ code: "QUORATE_ADDRESS_UNUSABLE", message, hint, cause });
}

/** Text from outside made fit for a log line: no control characters, not long. */
export function printable(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
