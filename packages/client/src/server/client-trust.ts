// Whose certificates a listener accepts. Judged here and not in the TLS handshake, so that whoever is refused hears why, and
// judged again later: authorities are exchanged and certificates run out while connections are open.

import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Refusal } from "../wire/handshake.ts";

const pemPattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** More links than any real chain has. */
const maxChainLength = 8;

/** The authorities that count now. */
export class ClientTrust {
  readonly #wallClock: () => number;
  #authorities: readonly X509Certificate[] = [];

  /** `wallClock`: milliseconds since 1970. */
  constructor(wallClock: () => number) {
    this.#wallClock = wallClock;
  }

  /** From now on only these count. */
  setAuthorities(pem: string): void {
    this.#authorities = (pem.match(pemPattern) ?? []).map((each) => new X509Certificate(each));
  }

  /** The judge of one client: says why its certificate is not accepted now, undefined if it is. Cheap to ask often. */
  judgeOf(socket: TLSSocket): () => Refusal | undefined {
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

/** Whether one of the authorities has signed the certificate, or one of the chain that the handshake has found good. */
function isSigned(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  let link: X509Certificate | undefined = certificate;
  for (let depth = 0; link !== undefined && depth < maxChainLength; depth += 1) {
    const current: X509Certificate = link;
    const isIssuer = (authority: X509Certificate): boolean =>
      current.checkIssued(authority) && current.verify(authority.publicKey);
    if (authorities.some(isIssuer)) return true;
    link = current.issuerCertificate;
  }
  return false;
}

function refused(message: string): Refusal {
  const hint = "Give the client a valid certificate that an authority of the node's client.tls.ca has signed.";
  return { code: "QUORATE_CERTIFICATE_REFUSED", message, hint };
}
