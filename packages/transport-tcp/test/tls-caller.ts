// Somebody who dials with a certificate of the test's choice and says that it is n2.

import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import type { Files } from "./authority.ts";
import { helloBytes } from "./raw-peer.ts";
import { type Actor, addressOf } from "./stage.ts";

/** One dialled connection. */
export class Caller {
  readonly socket: TLSSocket;
  isClosed = false;
  readonly #chunks: Buffer[] = [];

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
    socket.on("error", () => {});
    socket.once("close", () => {
      this.isClosed = true;
    });
  }

  static async dial(actor: Actor, files: Files | undefined): Promise<Caller> {
    const texts =
      files === undefined ? {} : { cert: readFileSync(files.paths.cert), key: readFileSync(files.paths.key) };
    const socket = connect({ ...addressOf(actor), rejectUnauthorized: false, ...texts });
    const caller = new Caller(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", () => resolve());
      socket.once("error", reject);
    });
    socket.write(helloBytes());
    return caller;
  }

  /** Everything that was answered, as text. */
  get heard(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }
}
