// What a server needs to prove who it is and to check others: three files, read and checked together.

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { codeOf, QuorateError } from "@quorate/contracts";
import { identitiesOf } from "./certificate-identity.ts";

/** Three files or their texts, all PEM. Without `ca`, the other side need not prove who it is. */
export type CertificateSet = {
  /** The certificates of the authorities whose signature is trusted: one, or old and new while they are exchanged. */
  readonly ca?: string;
  /** This server's certificate, with intermediate certificates after it if there are any. */
  readonly cert: string;
  /** The private key of that certificate, not encrypted. */
  readonly key: string;
};

/** Where the files are, if both sides prove who they are. */
export type TlsFiles = Required<CertificateSet>;

/** Files that fit together. */
export type Credentials = {
  readonly context: SecureContext;
  readonly authorities: readonly X509Certificate[];
  /** The servers for which this server's own certificate speaks. */
  readonly identities: readonly string[];
  readonly fingerprint: string;
  /** The end of the own certificate's validity, or of its authority's if that comes first; ms since 1970. */
  readonly validUntilMs: number;
};

const pemPattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Rejects with `QUORATE_TLS_UNUSABLE` if a file cannot be read; `name` is what the message calls the set. */
export async function readTlsFiles(files: CertificateSet, name: string): Promise<CertificateSet> {
  // One after the other, so that of several that cannot be read it is always the same that is named.
  const ca = files.ca === undefined ? undefined : await read(`${name}.ca`, files.ca);
  const cert = await read(`${name}.cert`, files.cert);
  const key = await read(`${name}.key`, files.key);
  return { ...(ca !== undefined && { ca }), cert, key };
}

/** @throws QuorateError `QUORATE_TLS_UNUSABLE` if the texts are no certificates and key, or do not fit together. */
export function makeCredentials(texts: CertificateSet, name: string): Credentials {
  const { ca, cert } = texts;
  const authorities = ca === undefined ? [] : certificatesIn(`${name}.ca`, ca);
  const [own] = certificatesIn(`${name}.cert`, cert);
  if (own === undefined) throw unusable(`${name}.cert`, "there is no certificate in it");
  let context: SecureContext;
  try {
    context = createSecureContext({ ...texts, minVersion: "TLSv1.3" });
  } catch (error) {
    const misfits = codeOf(error) === "ERR_OSSL_X509_KEY_VALUES_MISMATCH";
    throw unusable(
      `${name}.key`,
      misfits ? "it is not the key of the certificate in `cert`" : "it cannot be read",
      error,
    );
  }
  const issuer = authorities.find((authority) => isIssuedBy(own, authority));
  const ends = [own, ...(issuer === undefined ? [] : [issuer])].map((certificate) => Date.parse(certificate.validTo));
  return {
    context,
    authorities,
    identities: identitiesOf(own),
    fingerprint: own.fingerprint256,
    validUntilMs: Math.min(...ends),
  };
}

/** Whether an authority has signed a certificate. */
export function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

async function read(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unusable(option, `${path} cannot be read (${codeOf(error) ?? String(error)})`, error);
  }
}

function certificatesIn(option: string, text: string): readonly X509Certificate[] {
  const found = text.match(pemPattern) ?? [];
  if (found.length === 0) throw unusable(option, "there is no certificate in it");
  try {
    return found.map((pem) => new X509Certificate(pem));
  } catch (error) {
    throw unusable(option, "a certificate in it cannot be read", error);
  }
}

function unusable(option: string, what: string, cause?: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_TLS_UNUSABLE",
    message: `The file of ${option} is of no use: ${what}.`,
    hint: "Give PEM files that belong together; `quorate tls init` makes a set for development.",
    details: { option },
    cause,
  });
}
