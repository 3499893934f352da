// A wire with scissors: it stands between two servers and resets connections after so many bytes of one side.

import { connect, createServer, type Server, type Socket } from "node:net";
import type { TcpAddress } from "../src/index.ts";

/** Where one connection is cut: after this many bytes, at least 1, of the dialler or of the one who accepted. */
export type Cut = { readonly of: "dialler" | "acceptor"; readonly afterBytes: number };

/** Decides about a connection when the dialler has said something; undefined leaves it whole. */
export type Scissors = (firstBytes: Buffer) => Cut | undefined;

/** Listens in place of a server. */
export class Cutter implements AsyncDisposable {
  /** Connections that were cut. */
  cuts = 0;
  /** The most bytes that a dialler has said on one connection. */
  longest = 0;
  scissors: Scissors;
  readonly #target: TcpAddress;
  readonly #sockets: Set<Socket> = new Set();
  readonly #silent: WeakSet<Socket> = new WeakSet();
  readonly #server: Server;

  private constructor(target: TcpAddress, scissors: Scissors) {
    this.#target = target;
    this.scissors = scissors;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (near) => this.#join(near));
  }

  static async between(target: TcpAddress, scissors: Scissors = () => undefined): Promise<Cutter> {
    const cutter = new Cutter(target, scissors);
    await new Promise<void>((resolve) => {
      cutter.#server.listen(0, "127.0.0.1", resolve);
    });
    return cutter;
  }

  get address(): TcpAddress {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return { host: "127.0.0.1", port: address.port };
  }

  /** Nothing is read before both ends are there, so that what passes has arrived before the reset. */
  #join(near: Socket): void {
    const far = connect({ ...this.#target, noDelay: true }, () => {
      near.once("data", (first: Buffer) => {
        const cut = this.scissors(first);
        const limitOf = (side: Cut["of"]) => (cut?.of === side ? cut.afterBytes : Infinity);
        const forward = this.#passing(near, far, limitOf("dialler"));
        near.on("data", forward);
        near.on("data", () => (this.longest = Math.max(this.longest, near.bytesRead)));
        far.on("data", this.#passing(far, near, limitOf("acceptor")));
        forward(first);
      });
      near.resume();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        if (!this.#silent.has(one)) other.destroy();
      });
    }
  }

  /** Carries nothing any more on the connections that there are: neither side hears even that the other has given up. */
  silence(): void {
    for (const socket of this.#sockets) {
      this.#silent.add(socket);
      socket.pause();
    }
  }

  /** Ends all connections. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What hands on the words of one side, up to a limit, and then resets both. */
  #passing(from: Socket, to: Socket, limit: number): (chunk: Buffer) => void {
    let passed = 0;
    return (chunk) => {
      if (passed >= limit) return;
      const part = chunk.subarray(0, limit - passed);
      passed += part.length;
      to.write(part, () => {
        if (passed < limit) return;
        this.cuts += 1;
        from.resetAndDestroy();
        to.resetAndDestroy();
      });
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
