// Whose certificates a listener accepts. Judged here and not in the TLS handshake, so that whoever is refused hears why, and
// judged again later: authorities are exchanged and certificates run out while connections are open.

import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Refusal } from "../wire/handshake.ts";
import type { Guest } from "./client-port.ts";

const pemPattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** More links than any real chain has. */
const maxChainLength = 8;

/** The authorities that count now. */
export class ClientTrust {
  readonly #wallClock: () => number;
  #authorities: readonly X509Certificate[];

  /** `wallClock`: milliseconds since 1970. */
  constructor(authorities: string, wallClock: () => number) {
    this.#authorities = certificatesIn(authorities);
    this.#wallClock = wallClock;
  }

  /** From now on only these count; with none, nobody is trusted. */
  setAuthorities(authorities: string): void {
    this.#authorities = certificatesIn(authorities);
  }

  /** A client, and what speaks against it now; cheap to ask often. */
  guestOf(socket: TLSSocket): Guest {
    return { name: `${socket.remoteAddress}:${socket.remotePort}`, judge: this.#judgeOf(socket) };
  }

  #judgeOf(socket: TLSSocket): () => Refusal | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return () => refused("this port asks clients for a certificate");
    if (!socket.authorized) {
      const reason = String(socket.authorizationError);
      return () => refused(`the client's certificate is not accepted: ${reason}`);
    }
    const validUntilMs = Date.parse(certificate.validTo);
    // Signatures are checked again only when the authorities are others.
    let judgedBy: readonly X509Certificate[] | undefined;
    let isTrusted = false;
    return () => {
      if (validUntilMs < this.#wallClock())
        return refused(`the client's certificate expired on ${certificate.validTo}`);
      if (judgedBy !== this.#authorities) {
        judgedBy = this.#authorities;
        isTrusted = isSigned(certificate, judgedBy);
      }
      return isTrusted
        ? undefined
        : refused("the client's certificate is of an authority that is not trusted (any more)");
    };
  }
}

function certificatesIn(pem: string): readonly X509Certificate[] {
  return (pem.match(pemPattern) ?? []).map((each) => new X509Certificate(each));
}

/** Whether one of the authorities has signed the certificate, or one of those above it that the client has shown. */
function isSigned(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  let link: X509Certificate | undefined = certificate;
  for (let depth = 0; link !== undefined && depth < maxChainLength; depth += 1) {
    const current: X509Certificate = link;
    if (authorities.some((authority) => isIssuedBy(current, authority))) return true;
    // What stands above it in the chain is so by its name alone.
    const above: X509Certificate | undefined = current.issuerCertificate;
    link = above?.ca === true && isIssuedBy(current, above) ? above : undefined;
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function refused(message: string): Refusal {
  const hint = "Give the client a valid certificate that an authority of the node's client.tls.ca has signed.";
  return { code: "QUORATE_CERTIFICATE_REFUSED", message, hint };
}
