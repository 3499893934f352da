// Connections that are reset in the middle of anything: of the TLS handshake, of the hello, of a frame. The peers find each
// other again, and no message arrives that was not sent.

import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import type { TcpAddress } from "../src/index.ts";
import { Authority, Files } from "./authority.ts";
import { eventually } from "./eventually.ts";
import { addressOf, append, beat, Stage } from "./stage.ts";

const authority = new Authority();
const files = new Map(
  ["n1", "n2"].map((nodeId) => [nodeId, new Files({ ca: authority.pem, ...authority.issue({ nodeId }) })]),
);
afterAll(() => {
  for (const set of files.values()) set[Symbol.dispose]();
});

/** Stands between two servers and resets each of the next connections after some bytes of the dialler's. */
class Cutter implements AsyncDisposable {
  cuts = 0;
  readonly #offsets: number[];
  readonly #sockets: Set<Socket> = new Set();
  readonly #server: Server;

  private constructor(target: TcpAddress, offsets: readonly number[]) {
    this.#offsets = [...offsets];
    this.#server = createServer((near) => {
      const far = connect(target);
      const limit = this.#offsets.shift() ?? Infinity;
      let passed = 0;
      near.on("data", (chunk: Buffer) => {
        const part = chunk.subarray(0, limit - passed);
        passed += part.length;
        far.write(part);
        if (passed < limit) return;
        this.cuts += 1;
        near.resetAndDestroy();
        far.resetAndDestroy();
      });
      far.on("data", (chunk: Buffer) => near.write(chunk));
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => {});
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  static async between(target: TcpAddress, offsets: readonly number[]): Promise<Cutter> {
    const cutter = new Cutter(target, offsets);
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

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Every byte where something begins or ends, and some in between. */
const plainOffsets = [...Array.from({ length: 60 }, (_value, at) => at + 1), 200, 250, 300, 1000, 5000];
const tlsOffsets = Array.from({ length: 60 }, (_value, at) => 1 + at * 53);

test.each([
  ["in plain text", plainOffsets, false],
  ["with TLS", tlsOffsets, true],
])(
  "connections %s that are reset at any byte are made anew, and what arrives is what was sent",
  async (_how, offsets, isEncrypted) => {
    await using stage = new Stage();
    const tlsOf = (nodeId: string) => {
      const paths = files.get(nodeId)?.paths;
      return isEncrypted && paths !== undefined ? { tls: paths } : {};
    };
    const n2 = await stage.start("n2", { ...tlsOf("n2"), peers: () => ({ host: "127.0.0.1", port: 1 }) });
    await using cutter = await Cutter.between(addressOf(n2), offsets);
    const peers = { n2: cutter.address };
    const n1 = await stage.start("n1", { ...tlsOf("n1"), peers, backoff: { minMs: 1, maxMs: 2 } });
    let round = 0;
    await eventually(() => {
      round += 1;
      n1.transport.send(beat("n1", "n2", round));
      n1.transport.send(append("n1", "n2", 2000));
      expect(cutter.cuts).toBeGreaterThanOrEqual(offsets.length - 3);
      expect(n2.messages).toContainEqual(beat("n1", "n2", round - 1));
    });
    const rounds = n2.messages.flatMap((message) => (message.type === "heartbeatRequest" ? [message.round] : []));
    expect(rounds).toEqual([...new Set(rounds)].toSorted((left, right) => left - right));
    expect(n2.messages.filter(({ type }) => type === "appendRequest").every((one) => isSame(one))).toBe(true);
  },
);

function isSame(message: unknown): boolean {
  return JSON.stringify(message) === JSON.stringify(append("n1", "n2", 2000));
}
