// An authority for tests: it signs whatever a test wants signed, also what no good authority would. node-forge writes the
// certificates, because Node can read them but not make them; the keys are Node's own.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import forge from "node-forge";

const { pki } = forge;
const dayMs = 24 * 60 * 60 * 1000;

/** A certificate and its private key, as PEM texts. */
export type CertificateAndKey = { readonly cert: string; readonly key: string };

/** What a certificate says. */
export type Wish = {
  /** The common name of its subject. */
  readonly name: string;
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
  /** Days from now, fractions included. Default -1 and 365. */
  readonly validDays?: readonly [number, number];
};

type Pair = { readonly certificate: forge.pki.Certificate; readonly privateKey: string };

/** Signs certificates. */
export class Authority {
  readonly #pair: Pair;

  /** Without an authority above it, it signs its own certificate. */
  constructor(name = "Test authority", above?: Authority) {
    const extensions = [{ name: "basicConstraints", cA: true }];
    this.#pair = makePair({ name, validDays: [-1, 3650], extensions }, above === undefined ? undefined : above.#pair);
  }

  /** Its own certificate. */
  get pem(): string {
    return pki.certificateToPem(this.#pair.certificate);
  }

  /** A certificate for a server or a client, and its key. */
  issue({ name, uris = [], dnsNames = [], ips = [], validDays = [-1, 365] }: Wish): CertificateAndKey {
    // The numbers of the kinds of alternative names, in RFC 5280.
    const altNames = [
      ...dnsNames.map((value) => ({ type: 2, value })),
      ...uris.map((value) => ({ type: 6, value })),
      ...ips.map((ip) => ({ type: 7, ip })),
    ];
    const extensions = [
      { name: "basicConstraints", cA: false },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      ...(altNames.length === 0 ? [] : [{ name: "subjectAltName", altNames }]),
    ];
    const { certificate, privateKey } = makePair({ name, validDays, extensions }, this.#pair);
    return { cert: pki.certificateToPem(certificate), key: privateKey };
  }
}

function makePair(
  facts: { readonly name: string; readonly validDays: readonly [number, number]; readonly extensions: object[] },
  issuer?: Pair,
): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = `01${randomBytes(8).toString("hex")}`;
  certificate.validity.notBefore = new Date(Date.now() + facts.validDays[0] * dayMs);
  certificate.validity.notAfter = new Date(Date.now() + facts.validDays[1] * dayMs);
  certificate.setSubject([{ name: "commonName", value: facts.name }]);
  certificate.setIssuer((issuer?.certificate ?? certificate).subject.attributes);
  certificate.setExtensions(facts.extensions);
  certificate.sign(pki.privateKeyFromPem(issuer?.privateKey ?? privateKey), forge.md.sha256.create());
  return { certificate, privateKey };
}
