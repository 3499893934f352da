// TLS 1.3 with certificates on both sides. The files are read again when they change, and what was believed on the word
// of the old ones is judged anew.

import type { X509Certificate } from "node:crypto";
import type { Server, Socket } from "node:net";
import { connect, createServer, TLSSocket } from "node:tls";
import type { Clock, TransportIdentity } from "@quorate/contracts";
import { codeOf, QuorateError } from "@quorate/contracts";
import { certificateIdentity, identitiesOf } from "./certificate-identity.ts";
import { type Credentials, isIssuedBy, makeCredentials, readTlsFiles, type TlsTexts } from "./credentials.ts";
import { codes, type Failure, printable } from "./failure.ts";
import type { TcpAddress, TlsSettings } from "./options.ts";
import type { AcceptHooks, Security, SecurityEvents } from "./security.ts";

const dayMs = 24 * 60 * 60 * 1000;

type Watched = { readonly socket: Socket; readonly nodeId: string; readonly onDoubt: (failure: Failure) => void };

/** Believes whoever shows a certificate of a trusted authority that names the server it says it is. */
export class Certificates implements Security {
  readonly readyEvent = "secureConnect";
  readonly #settings: TlsSettings;
  readonly #clock: Clock;
  readonly #handshakeMs: number;
  readonly #watched: Set<Watched> = new Set();
  #clusterId = "";
  #texts: TlsTexts | undefined;
  #credentials: Credentials | undefined;
  #events: SecurityEvents | undefined;
  #server: ReturnType<typeof createServer> | undefined;
  #cancel: () => void = () => {};
  #isClosed = false;
  /** The last warning about the files, so that each is told once. */
  #told: string | undefined;
  /** A problem seen once may be files that are being replaced just now. */
  #suspected: string | undefined;

  constructor(settings: TlsSettings, facts: { readonly clock: Clock; readonly handshakeMs: number }) {
    this.#settings = settings;
    this.#clock = facts.clock;
    this.#handshakeMs = facts.handshakeMs;
  }

  async start(identity: TransportIdentity, events: SecurityEvents): Promise<void> {
    this.#clusterId = identity.clusterId;
    this.#events = events;
    const texts = await readTlsFiles(this.#settings.files);
    const credentials = makeCredentials(texts);
    const expected = certificateIdentity(identity);
    if (!credentials.identities.includes(expected)) {
      throw new QuorateError({
        code: codes.certificateMismatch,
        message: `The certificate of tls.cert speaks for ${listed(credentials.identities)}, but this server is ${expected}.`,
        hint: "Give each server its own certificate, of its own cluster.",
      });
    }
    this.#use(texts, credentials);
    this.#lookAgainLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
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
      link = current.issuerCertificate;
    }
    return refused("its certificate is signed by an authority that is not trusted here (any more)");
  }

  #judgeName(certificate: X509Certificate, nodeId: string): Failure | undefined {
    const names = identitiesOf(certificate);
    if (names.includes(certificateIdentity({ clusterId: this.#clusterId, nodeId }))) return undefined;
    const detail = `its certificate speaks for ${listed(names)}, not for ${printable(nodeId)} of ${this.#clusterId}`;
    return { code: codes.certificateMismatch, detail };
  }

  #lookAgainLater(): void {
    this.#cancel = this.#clock.schedule(this.#clock.now() + this.#settings.reloadMs, () => void this.#lookAgain());
  }

  async #lookAgain(): Promise<void> {
    try {
      const texts = await readTlsFiles(this.#settings.files);
      if (this.#isClosed) return;
      if (!isSame(texts, this.#texts)) this.#use(texts, makeCredentials(texts));
      this.#suspected = undefined;
    } catch (error) {
      if (this.#isClosed) return;
      this.#suspect(error instanceof Error ? error.message : String(error));
    }
    this.#judgeAll();
    this.#warnOfExpiry();
    this.#lookAgainLater();
  }

  #use(texts: TlsTexts, credentials: Credentials): void {
    this.#texts = texts;
    this.#credentials = credentials;
    this.#told = undefined;
    this.#server?.setSecureContext(contextOf(texts));
    const { fingerprint, validUntilMs } = credentials;
    this.#events?.onCertificate({ fingerprint, validUntilMs });
    this.#warnOfExpiry();
  }

  #suspect(problem: string): void {
    if (this.#suspected === problem) {
      this.#warn({ code: codes.tlsUnusable, detail: `${problem} The files read before stay in use.` });
    }
    this.#suspected = problem;
  }

  #judgeAll(): void {
    for (const watched of this.#watched) {
      const failure = this.judge(watched.socket, watched.nodeId);
      if (failure === undefined) continue;
      this.#watched.delete(watched);
      watched.onDoubt(failure);
    }
  }

  #warnOfExpiry(): void {
    if (this.#suspected !== undefined) return;
    const untilMs = this.#credentials?.validUntilMs ?? Infinity;
    const leftMs = untilMs - this.#settings.wallClock();
    const date = Number.isFinite(untilMs) ? new Date(untilMs).toISOString() : "";
    const what = "this server's certificate or that of its authority";
    if (leftMs <= 0) this.#warn({ code: codes.certificateExpired, detail: `${what} expired on ${date}` });
    else if (leftMs <= this.#settings.expiryWarningDays * dayMs) {
      this.#warn({ code: codes.certificateExpiring, detail: `${what} expires on ${date}` });
    }
  }

  #warn(warning: Failure): void {
    if (this.#told === warning.detail) return;
    this.#told = warning.detail;
    this.#events?.onWarning(warning);
  }
}

function contextOf(texts: TlsTexts | undefined): Partial<TlsTexts> & { readonly minVersion: "TLSv1.3" } {
  return { ...texts, minVersion: "TLSv1.3" };
}

function isSame(left: TlsTexts, right: TlsTexts | undefined): boolean {
  return left.ca === right?.ca && left.cert === right.cert && left.key === right.key;
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
