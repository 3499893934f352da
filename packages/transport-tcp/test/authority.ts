// Certificates of servers, and their files.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateAndKey, Authority as Signer } from "@quorate/certificates";
import { certificateIdentity } from "../src/certificate-identity.ts";
import type { TlsFiles } from "../src/credentials.ts";

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

/** Signs certificates of servers. */
export class Authority {
  readonly #signer: Signer;

  constructor(name?: string, above?: Authority) {
    this.#signer = new Signer(name, above === undefined ? undefined : above.#signer);
  }

  get pem(): string {
    return this.#signer.pem;
  }

  /** Certificate and key of a server. */
  issue({ nodeId = "n1", clusterId = "c-1", ...wish }: Wish = {}): CertificateAndKey {
    return this.#signer.issue({ name: nodeId, uris: [certificateIdentity({ clusterId, nodeId })], ...wish });
  }
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
