// TLS 1.3 with certificates on both sides. When the files change, what was believed on the word of the old ones is judged
// anew.

import type { X509Certificate } from "node:crypto";
import type { Server, Socket } from "node:net";
import { connect, createServer, TLSSocket } from "node:tls";
import type { TransportIdentity } from "@quorate/contracts";
import { codeOf, QuorateError } from "@quorate/contracts";
import { CertificateFiles, type CertificateFilesOptions } from "./certificate-files.ts";
import { certificateIdentity, identitiesOf } from "./certificate-identity.ts";
import { type CertificateSet, type Credentials, isIssuedBy } from "./credentials.ts";
import { codes, type Failure, printable } from "./failure.ts";
import type { TcpAddress } from "./options.ts";
import type { AcceptHooks, Security, SecurityEvents } from "./security.ts";

type Settings = CertificateFilesOptions & { readonly wallClock: () => number };

type Watched = { readonly socket: Socket; readonly nodeId: string; readonly onDoubt: (failure: Failure) => void };

/** Believes whoever shows a certificate of a trusted authority that names the server it says it is. */
export class Certificates implements Security {
  readonly readyEvent = "secureConnect";
  readonly #settings: Settings;
  readonly #handshakeMs: number;
  readonly #watched: Set<Watched> = new Set();
  #clusterId = "";
  #texts: CertificateSet | undefined;
  #credentials: Credentials | undefined;
  #server: ReturnType<typeof createServer> | undefined;
  #files: CertificateFiles | undefined;

  constructor(settings: Settings, handshakeMs: number) {
    this.#settings = settings;
    this.#handshakeMs = handshakeMs;
  }

  async start(identity: TransportIdentity, events: SecurityEvents): Promise<void> {
    this.#clusterId = identity.clusterId;
    const expected = certificateIdentity(identity);
    this.#files = new CertificateFiles(this.#settings, {
      check: ({ identities }) => checkOwnName(identities, expected),
      onLoaded: (credentials, texts) => this.#use(credentials, texts, events),
      onWarning: (warning) => events.onWarning(warning),
      onLooked: () => this.#judgeAll(),
    });
    await this.#files.start();
  }

  close(): void {
    this.#files?.close();
    this.#watched.clear();
  }

  createServer(hooks: AcceptHooks): Server {
    const server = createServer({
      ...contextOf(this.#texts),
      requestCert: true,
      // Judged here, so that whoever is refused can be told why.
      rejectUnauthorized: false,
      handshakeTimeout: this.#handshakeMs,
      noDelay: true,
    });
    server.on("connection", (socket: Socket) => hooks.onConnection(socket));
    server.on("secureConnection", (socket) => hooks.onReady(socket));
    server.on("tlsClientError", (error, socket) => hooks.onUnreadable(socket, describeBadStart(error)));
    this.#server = server;
    return server;
  }

  dial(address: TcpAddress): Socket {
    const context = this.#credentials?.context;
    const socket = connect({
      host: address.host,
      port: address.port,
      ...(context === undefined ? {} : { secureContext: context }),
      minVersion: "TLSv1.3",
      // Judged by `judge`, which says why; nothing is written before.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    socket.setNoDelay(true);
    return socket;
  }

  judge(socket: Socket, nodeId: string): Failure | undefined {
    if (!(socket instanceof TLSSocket)) return refused("it is not encrypted");
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return refused("it shows no certificate");
    if (!socket.authorized) return refused(`its certificate is not accepted: ${reasonOf(socket)}`);
    return this.#judgeTime(certificate) ?? this.#judgeTrust(certificate) ?? this.#judgeName(certificate, nodeId);
  }

  watch(socket: Socket, nodeId: string, onDoubt: (failure: Failure) => void): () => void {
    const watched = { socket, nodeId, onDoubt };
    this.#watched.add(watched);
    return () => this.#watched.delete(watched);
  }

  /** The certificate was believed at the handshake; its time may have run out since. */
  #judgeTime(certificate: X509Certificate): Failure | undefined {
    const nowMs = this.#settings.wallClock();
    if (Date.parse(certificate.validTo) < nowMs) return refused(`its certificate expired on ${certificate.validTo}`);
    if (Date.parse(certificate.validFrom) <= nowMs) return undefined;
    return refused(`its certificate is not valid before ${certificate.validFrom}: do the clocks agree?`);
  }

  /** The authorities may have changed since the handshake, and a resumed connection repeats no check. */
  #judgeTrust(certificate: X509Certificate): Failure | undefined {
    const { authorities = [] } = this.#credentials ?? {};
    let link: X509Certificate | undefined = certificate;
    for (let depth = 0; link !== undefined && depth < 8; depth += 1) {
      const current: X509Certificate = link;
      if (authorities.some((authority) => isIssuedBy(current, authority))) return undefined;
      // What stands above it in the chain that the peer has shown is so by its name alone.
      const above: X509Certificate | undefined = current.issuerCertificate;
      link = above?.ca === true && isIssuedBy(current, above) ? above : undefined;
    }
    return refused("its certificate is signed by an authority that is not trusted here (any more)");
  }

  #judgeName(certificate: X509Certificate, nodeId: string): Failure | undefined {
    const names = identitiesOf(certificate);
    if (names.includes(certificateIdentity({ clusterId: this.#clusterId, nodeId }))) return undefined;
    const detail = `its certificate speaks for ${listed(names)}, not for ${printable(nodeId)} of ${this.#clusterId}`;
    return { code: codes.certificateMismatch, detail };
  }

  #use(credentials: Credentials, texts: CertificateSet, events: SecurityEvents): void {
    this.#texts = texts;
    this.#credentials = credentials;
    this.#server?.setSecureContext(contextOf(texts));
    const { fingerprint, validUntilMs } = credentials;
    events.onCertificate({ fingerprint, validUntilMs });
  }

  #judgeAll(): void {
    for (const watched of this.#watched) {
      const failure = this.judge(watched.socket, watched.nodeId);
      if (failure === undefined) continue;
      this.#watched.delete(watched);
      watched.onDoubt(failure);
    }
  }
}

/** @throws QuorateError `QUORATE_CERTIFICATE_MISMATCH` if this server's own certificate names another one. */
function checkOwnName(identities: readonly string[], expected: string): void {
  if (identities.includes(expected)) return;
  throw new QuorateError({
    code: codes.certificateMismatch,
    message: `The certificate of tls.cert speaks for ${listed(identities)}, but this server is ${expected}.`,
    hint: "Give each server its own certificate, of its own cluster.",
  });
}

function contextOf(texts: CertificateSet | undefined): Partial<CertificateSet> & { readonly minVersion: "TLSv1.3" } {
  return { ...texts, minVersion: "TLSv1.3" };
}

function refused(detail: string): Failure {
  return { code: codes.certificateRefused, detail };
}

function reasonOf(socket: TLSSocket): string {
  const error: unknown = socket.authorizationError;
  return printable(error instanceof Error ? error.message : String(error));
}

function describeBadStart(error: Error): Failure {
  const code = codeOf(error) ?? "";
  const detail =
    code === "ERR_TLS_HANDSHAKE_TIMEOUT"
      ? "no complete TLS handshake in time"
      : `not the beginning of a TLS 1.3 connection (${printable(code === "" ? error.message : code)})`;
  return { code: codes.garbage, detail };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "no server" : names.slice(0, 4).map(printable).join(", ");
}
