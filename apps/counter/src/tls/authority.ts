// Signs certificates for development: an authority of one cluster, and one certificate per node that names the node.
// node-forge writes the certificates, because Node can read them but not make them; the keys are Node's own.

import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";

const { pki, md } = forge;
const makeKeys = promisify(generateKeyPair);

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A certificate and its private key, as PEM. */
export type Pair = { readonly cert: string; readonly key: string };

/** Makes an authority that signs nothing but nodes' certificates. */
export function createAuthority(facts: { readonly cluster: string; readonly validDays: number }): Promise<Pair> {
  return sign({
    subject: `Quorate development CA of ${facts.cluster}`,
    validDays: facts.validDays,
    extensions: [
      { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
      { name: "subjectKeyIdentifier" },
    ],
  });
}

/** Makes a certificate for the server of this identity, see `certificateIdentity`. */
export function issueCertificate(facts: {
  readonly authority: Pair;
  readonly identity: string;
  readonly subject: string;
  readonly validDays: number;
}): Promise<Pair> {
  const { authority, identity, subject, validDays } = facts;
  return sign({
    subject,
    validDays,
    authority,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      { name: "subjectAltName", altNames: [{ type: uriType, value: identity }] },
    ],
  });
}

/** Whether certificate and key belong together. */
export function isPair({ cert, key }: Pair): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** The number of this kind of alternative name, in RFC 5280. */
const uriType = 6;

async function sign(wish: {
  readonly subject: string;
  readonly validDays: number;
  readonly extensions: object[];
  /** Default: it signs itself. */
  readonly authority?: Pair;
}): Promise<Pair> {
  const { publicKey, privateKey } = await makeKeys("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  // Positive and never repeated: 01 in front of 120 random bits.
  certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
  // Clocks of other machines may be behind.
  certificate.validity.notBefore = new Date(Date.now() - 5 * minuteMs);
  certificate.validity.notAfter = new Date(Date.now() + wish.validDays * dayMs);
  certificate.setSubject([{ name: "commonName", value: wish.subject }]);
  const issuer = wish.authority === undefined ? certificate : pki.certificateFromPem(wish.authority.cert);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions(wish.extensions);
  certificate.sign(pki.privateKeyFromPem(wish.authority?.key ?? privateKey), md.sha256.create());
  return { cert: pki.certificateToPem(certificate), key: privateKey };
}
