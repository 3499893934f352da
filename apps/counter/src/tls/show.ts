// What a PEM file with certificates says, for people who look for the one that has run out.

import { X509Certificate } from "node:crypto";
import { QuorateError } from "@quorate/contracts";
import { identitiesOf } from "@quorate/transport-tcp";

/** One certificate in words. */
export type CertificateFacts = {
  /** The node that it names, or its subject if it names none: an authority. */
  readonly speaksFor: string;
  readonly signedBy: string;
  readonly validUntil: string;
  readonly fingerprint: string;
};

/** Reads all certificates of a text; throws `QUORATE_TLS_UNUSABLE` if there is none. */
export function describeCertificates(text: string): readonly CertificateFacts[] {
  const pems = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (pems.length > 0) return pems.map((pem) => describeCertificate(new X509Certificate(pem)));
  } catch (error) {
    throw unusable("A certificate in the file cannot be read.", error);
  }
  throw unusable("There is no certificate in the file.");
}

function describeCertificate(certificate: X509Certificate): CertificateFacts {
  const identities = identitiesOf(certificate);
  return {
    speaksFor: identities.length === 0 ? certificate.subject : identities.join(", "),
    signedBy: certificate.issuer,
    validUntil: new Date(certificate.validTo).toISOString(),
    fingerprint: certificate.fingerprint256,
  };
}

function unusable(message: string, cause?: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_TLS_UNUSABLE",
    message,
    hint: "Name a file with certificates in PEM, such as ca.pem or n1.pem.",
    cause,
  });
}
