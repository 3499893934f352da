// An authority for tests: it signs whatever a test wants signed, also what no good authority would.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import forge from "node-forge";
import { certificateIdentity } from "../src/certificate-identity.ts";
import type { TlsFiles } from "../src/credentials.ts";

const { pki } = forge;
const dayMs = 24 * 60 * 60 * 1000;

type Pair = { readonly certificate: forge.pki.Certificate; readonly privateKey: string };

/** What a certificate says. */
export type Wish = {
  readonly nodeId?: string;
  readonly clusterId?: string;
  /** Default: the identity of that server. */
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  /** Days from now. Default -1 and 365. */
  readonly validDays?: readonly [number, number];
};

/** Signs certificates. */
export class Authority {
  readonly #pair: Pair;

  constructor(name = "Test authority") {
    this.#pair = makePair({ name, validDays: [-1, 3650], extensions: [{ name: "basicConstraints", cA: true }] });
  }

  get pem(): string {
    return pki.certificateToPem(this.#pair.certificate);
  }

  /** Certificate and key of a server. */
  issue(wish: Wish = {}): { readonly cert: string; readonly key: string } {
    const { nodeId = "n1", clusterId = "c-1", validDays = [-1, 365], dnsNames = [] } = wish;
    const uris = wish.uris ?? [certificateIdentity({ clusterId, nodeId })];
    const altNames = [...dnsNames.map((value) => ({ type: 2, value })), ...uris.map((value) => ({ type: 6, value }))];
    const extensions = [
      { name: "basicConstraints", cA: false },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      ...(altNames.length === 0 ? [] : [{ name: "subjectAltName", altNames }]),
    ];
    const { certificate, privateKey } = makePair({ name: nodeId, validDays, extensions }, this.#pair);
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

/** A server's three files in a folder of its own; `using` removes it. */
export class Files implements Disposable {
  readonly paths: TlsFiles;
  readonly #directory: string;

  constructor(texts: TlsFiles) {
    this.#directory = mkdtempSync(join(tmpdir(), "quorate-tls-"));
    const path = (name: string) => join(this.#directory, name);
    this.paths = { ca: path("ca.pem"), cert: path("cert.pem"), key: path("key.pem") };
    this.write(texts);
  }

  write(texts: Partial<TlsFiles>): void {
    if (texts.ca !== undefined) writeFileSync(this.paths.ca, texts.ca);
    if (texts.cert !== undefined) writeFileSync(this.paths.cert, texts.cert);
    if (texts.key !== undefined) writeFileSync(this.paths.key, texts.key);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
