// Closed-loop HTTP load: each connection sends its next request when the answer to the last one has arrived. Sockets and
// ready-made bytes instead of an HTTP client, so that the load costs little of the machine that it shares with the servers.
import { connect, type Socket } from "node:net";

export interface LoadTarget {
  readonly url: URL;
  /** The complete bytes of connection `index`'s request. */
  readonly request: (index: number) => Buffer;
}

/** Load over a number of connections, opened anew for each sample: servers close those that rest in between. */
export class HttpLoad {
  readonly #target: LoadTarget;
  readonly #connectionCount: number;
  #latencies: number[] = [];

  constructor(target: LoadTarget, connectionCount: number) {
    this.#target = target;
    this.#connectionCount = connectionCount;
  }

  /** Answers per second over `sampleMs`, connecting not included. Fails on any answer but 200. */
  async sample(sampleMs: number): Promise<number> {
    const opening = Array.from({ length: this.#connectionCount }, () => Connection.open(this.#target.url));
    const connections = await Promise.all(opening);
    const start = performance.now();
    const end = start + sampleMs;
    const latencies: number[] = [];
    await Promise.all(
      connections.map(async (connection, index) => {
        const request = this.#target.request(index);
        while (performance.now() < end) latencies.push(await connection.roundTrip(request));
      }),
    );
    const elapsedMs = performance.now() - start;
    for (const connection of connections) connection.close();
    this.#latencies = latencies.toSorted((a, b) => a - b);
    return (latencies.length * 1000) / elapsedMs;
  }

  /** Median and 99th percentile of the latest sample. */
  latenciesMs(): { readonly p50: number; readonly p99: number } {
    const at = (share: number): number => this.#latencies[Math.floor(this.#latencies.length * share)] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

/** One kept-alive connection with at most one request under way. */
class Connection {
  readonly #socket: Socket;
  #received = "";
  #sentAt = 0;
  #settle: { readonly resolve: (ms: number) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", (error) => this.#settle?.reject(error));
    socket.on("close", () => this.#settle?.reject(new Error("the server closed the connection")));
  }

  static open({ hostname, port }: URL): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new Connection(socket)));
      socket.once("error", reject);
    });
  }

  roundTrip(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error("the server has closed the connection"));
        return;
      }
      this.#settle = { resolve, reject };
      this.#sentAt = performance.now();
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received += chunk.toString("latin1");
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const length = /content-length: (\d+)/i.exec(this.#received.slice(0, headEnd))?.[1];
    if (length === undefined) {
      this.#settle?.reject(new Error("an answer without content-length"));
      return;
    }
    if (this.#received.length < headEnd + 4 + Number(length)) return;
    const answer = this.#received;
    this.#received = "";
    if (answer.startsWith("HTTP/1.1 200")) this.#settle?.resolve(performance.now() - this.#sentAt);
    else this.#settle?.reject(new Error(`unexpected answer: ${answer.slice(0, 500)}`));
  }
}

/** A POST of a JSON body, complete with headers. */
export function jsonPost(path: string, body: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
