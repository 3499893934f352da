// The files of a certificate, watched: read again when they change, kept as they were while they are of no use, and warned
// of before the certificate ends.

import type { Clock } from "@quorate/contracts";
import { type CertificateSet, type Credentials, makeCredentials, readTlsFiles } from "./credentials.ts";
import { codes, type Failure } from "./failure.ts";
import { systemClock } from "./system-clock.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** What is watched, and how. */
export type CertificateFilesOptions = {
  readonly files: CertificateSet;
  /** What messages call the files. Default `tls`. */
  readonly name?: string;
  /** How often the files are looked at, in ms. Default 5000. */
  readonly reloadMs?: number;
  /** Days before the end of the certificate at which its owner is warned. Default 14. */
  readonly expiryWarningDays?: number;
  /** Milliseconds since 1970, which validity is held against. Default `Date.now`. */
  readonly wallClock?: () => number;
  /** Default: the system's monotonic clock. */
  readonly clock?: Clock;
};

/** Who hears of it. All return at once. */
export type CertificateFilesEvents = {
  /** Throws if a certificate is not the one that belongs here; then it is not used. */
  check?(credentials: Credentials): void;
  /** From now on these count. */
  onLoaded(credentials: Credentials, texts: CertificateSet): void;
  /** It ends soon or has ended, or new files are of no use; each is told once. */
  onWarning(warning: Failure): void;
  /** The files were looked at, whether they have changed or not. */
  onLooked?(): void;
};

/** One set of files, from `start` to `close`. */
export class CertificateFiles {
  readonly #options: Required<CertificateFilesOptions>;
  readonly #events: CertificateFilesEvents;
  #texts: CertificateSet | undefined;
  #validUntilMs = Infinity;
  #cancel: () => void = () => {};
  #isClosed = false;
  /** The last warning, so that each is told once. */
  #told: string | undefined;
  /** A problem seen once may be files that are being replaced just now. */
  #suspected: string | undefined;

  constructor(options: CertificateFilesOptions, events: CertificateFilesEvents) {
    this.#options = {
      name: "tls",
      reloadMs: 5000,
      expiryWarningDays: 14,
      wallClock: Date.now,
      clock: systemClock,
      ...options,
    };
    this.#events = events;
  }

  /** Reads the files and resolves with their texts. Rejects with `QUORATE_TLS_UNUSABLE`, or with what `check` throws. */
  async start(): Promise<CertificateSet> {
    const texts = await readTlsFiles(this.#options.files, this.#options.name);
    this.#use(texts);
    if (!this.#isClosed) this.#lookAgainLater();
    return texts;
  }

  /** Looks no more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #lookAgainLater(): void {
    const { clock, reloadMs } = this.#options;
    this.#cancel = clock.schedule(clock.now() + reloadMs, () => void this.#lookAgain());
  }

  async #lookAgain(): Promise<void> {
    try {
      const texts = await readTlsFiles(this.#options.files, this.#options.name);
      if (this.#isClosed) return;
      if (!isSame(texts, this.#texts)) this.#use(texts);
      this.#suspected = undefined;
    } catch (error) {
      if (this.#isClosed) return;
      this.#suspect(error instanceof Error ? error.message : String(error));
    }
    this.#events.onLooked?.();
    this.#warnOfExpiry();
    this.#lookAgainLater();
  }

  #use(texts: CertificateSet): void {
    const credentials = makeCredentials(texts, this.#options.name);
    this.#events.check?.(credentials);
    this.#texts = texts;
    this.#validUntilMs = credentials.validUntilMs;
    this.#told = undefined;
    this.#events.onLoaded(credentials, texts);
    this.#warnOfExpiry();
  }

  #suspect(problem: string): void {
    if (this.#suspected === problem) {
      this.#warn({ code: codes.tlsUnusable, detail: `${problem} The files read before stay in use.` });
    }
    this.#suspected = problem;
  }

  #warnOfExpiry(): void {
    if (this.#suspected !== undefined) return;
    const { wallClock, expiryWarningDays } = this.#options;
    const leftMs = this.#validUntilMs - wallClock();
    const date = Number.isFinite(this.#validUntilMs) ? new Date(this.#validUntilMs).toISOString() : "";
    const what = "this server's certificate or that of its authority";
    if (leftMs <= 0) this.#warn({ code: codes.certificateExpired, detail: `${what} expired on ${date}` });
    else if (leftMs <= expiryWarningDays * dayMs) {
      this.#warn({ code: codes.certificateExpiring, detail: `${what} expires on ${date}` });
    }
  }

  #warn(warning: Failure): void {
    if (this.#told === warning.detail) return;
    this.#told = warning.detail;
    this.#events.onWarning(warning);
  }
}

function isSame(left: CertificateSet, right: CertificateSet | undefined): boolean {
  return left.ca === right?.ca && left.cert === right?.cert && left.key === right.key;
}
