// Certificates on real sockets: who is served, and for how long.
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { Authority, type CertificateAndKey } from "@quorate/certificates";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "../../src/index.ts";
import { type Expulsion, serveClients, type ServerTls } from "../../src/server/index.ts";
import { frameOf, type FrameType } from "../../src/wire/frame.ts";
import { FrameReader } from "../../src/wire/frame-reader.ts";
import { decodeRefusal, encodeHello, type Refusal } from "../../src/wire/handshake.ts";
import { FakeService } from "./fake-service.ts";

const [older, newer] = [new Authority("Older authority"), new Authority("Newer authority")];
const server = older.issue({ name: "server", ips: ["127.0.0.1"] });
const dayMs = 24 * 60 * 60 * 1000;

/** A node that is served over TLS, on a port that the system chose. */
async function serve(tls: ServerTls, wallClock?: () => number) {
  const service = new FakeService();
  const expulsions: Expulsion[] = [];
  const listener = await serveClients({
    ...service.partsOf("a"),
    listen: { host: "127.0.0.1", port: 0 },
    tls,
    onExpelled: (expulsion) => expulsions.push(expulsion),
    ...(wallClock !== undefined && { wallClock }),
  });
  onTestFinished(() => listener.close(0));
  return { service, listener, expulsions, endpoint: `tls://127.0.0.1:${listener.address.port}` };
}

type Served = Awaited<ReturnType<typeof serve>>;

/** A client that speaks the protocol byte by byte, so that it shows each of its connections. */
class Guest {
  readonly socket: TLSSocket;
  readonly heard: FrameType[] = [];
  readonly closed: Promise<unknown>;
  refusal: Refusal | undefined;

  constructor({ listener }: Served, proof: Partial<CertificateAndKey> & { readonly session?: Buffer } = {}) {
    this.socket = connect({ ...listener.address, ca: older.pem, ...proof });
    onTestFinished(() => void this.socket.destroy());
    const reader = new FrameReader({ welcome: 1024, refusal: 1024, pong: 0 }, (type, payload) => {
      this.heard.push(type);
      if (type === "refusal") this.refusal = decodeRefusal(payload);
    });
    this.socket.on("data", (bytes: Buffer) => reader.push(bytes));
    this.socket.on("error", () => {});
    this.closed = once(this.socket, "close");
    this.socket.write(frameOf("hello", encodeHello({ clusterId: undefined })));
  }

  /** Waits until the node has answered with such a frame. */
  async hears(type: FrameType): Promise<void> {
    await vi.waitUntil(() => this.heard.includes(type), { timeout: 10_000, interval: 5 });
  }
}

test("a client writes to a server of an authority that it knows, and not to another", async () => {
  const { endpoint } = await serve(server);
  await using client = createClient({ endpoints: [endpoint], tls: { ca: older.pem } });
  expect(await client.counter("hits").add()).toMatchObject({ value: 1 });
  await using stranger = createClient({ endpoints: [endpoint], retry: { budgetMs: 200 } });
  await expect(stranger.counter("hits").add()).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE" });
});

describe("a server that asks for certificates", () => {
  test("serves clients of its authorities, and tells the others why it does not serve them", async () => {
    const served = await serve({ ...server, ca: newer.pem });
    const tls = { ca: older.pem, ...newer.issue({ name: "client" }) };
    await using client = createClient({ endpoints: [served.endpoint], tls });
    expect(await client.counter("hits").add()).toMatchObject({ value: 1 });
    const nobody = new Guest(served);
    const stranger = new Guest(served, older.issue({ name: "stranger" }));
    await Promise.all([nobody.closed, stranger.closed]);
    expect(nobody.refusal).toMatchObject({
      code: "QUORATE_CERTIFICATE_REFUSED",
      message: "this port asks clients for a certificate",
    });
    expect(stranger.refusal?.message).toMatch(/^the client's certificate is not accepted: /);
    expect(served.expulsions).toEqual([]);
  });

  test("is out of reach for a client without one, which has certainly written nothing", async () => {
    const { endpoint, service } = await serve({ ...server, ca: older.pem });
    await using client = createClient({ endpoints: [endpoint], tls: { ca: older.pem }, retry: { budgetMs: 200 } });
    const refused = { code: "QUORATE_UNREACHABLE", outcome: "none" };
    await expect(client.counter("hits").add()).rejects.toMatchObject(refused);
    expect(service.proposals).toEqual([]);
  });

  test("ends the connections of those whose authority is trusted no more, and only those", async () => {
    const served = await serve({ ...server, ca: older.pem + newer.pem });
    const leaving = new Guest(served, older.issue({ name: "leaving" }));
    const staying = new Guest(served, newer.issue({ name: "staying" }));
    await Promise.all([leaving.hears("welcome"), staying.hears("welcome")]);
    served.listener.setTls({ ...server, ca: newer.pem });
    await leaving.closed;
    expect(leaving.refusal).toMatchObject({
      code: "QUORATE_CERTIFICATE_REFUSED",
      message: "the client's certificate is of an authority that is not trusted (any more)",
    });
    expect(served.expulsions).toEqual([
      {
        client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        code: "QUORATE_CERTIFICATE_REFUSED",
        detail: "the client's certificate is of an authority that is not trusted (any more)",
      },
    ]);
    staying.socket.write(frameOf("ping"));
    await staying.hears("pong");
  });

  test("is not deceived by one that shows somebody else's certificate in place of its own authority's", async () => {
    const served = await serve({ ...server, ca: older.pem + newer.pem });
    const own = older.issue({ name: "leaving" });
    const other = newer.issue({ name: "Older authority" });
    const leaving = new Guest(served, { ...own, cert: own.cert + other.cert });
    await leaving.hears("welcome");
    served.listener.setTls({ ...server, ca: newer.pem });
    await leaving.closed;
    expect(leaving.refusal?.code).toBe("QUORATE_CERTIFICATE_REFUSED");
  });

  test("leaves everybody connected while the authorities are exchanged step by step", async () => {
    const served = await serve({ ...server, ca: older.pem });
    const direct = new Guest(served, older.issue({ name: "direct" }));
    const between = new Authority("Department", older);
    const { cert, key } = between.issue({ name: "indirect" });
    const indirect = new Guest(served, { cert: cert + between.pem, key });
    await Promise.all([direct.hears("welcome"), indirect.hears("welcome")]);
    served.listener.setTls({ ...server, ca: older.pem + newer.pem });
    for (const guest of [direct, indirect]) guest.socket.write(frameOf("ping"));
    await Promise.all([direct.hears("pong"), indirect.hears("pong")]);
    expect(served.expulsions).toEqual([]);
  });

  test("lets nobody back in by resuming an earlier session", async () => {
    const served = await serve({ ...server, ca: older.pem });
    const proof = older.issue({ name: "leaving" });
    const before = new Guest(served, proof);
    const [session] = await once(before.socket, "session");
    const again = new Guest(served, { ...proof, session });
    await again.hears("welcome");
    expect(again.socket.isSessionReused()).toBe(false);
    served.listener.setTls({ ...server, ca: newer.pem });
    const late = new Guest(served, { ...proof, session });
    await late.closed;
    expect(late.heard).toEqual(["refusal"]);
  });

  test("ends the connection of a client whose certificate runs out", async () => {
    let nowMs = Date.now();
    const served = await serve({ ...server, ca: older.pem }, () => nowMs);
    const ending = new Guest(served, older.issue({ name: "ending", validDays: [-1, 1] }));
    const staying = new Guest(served, older.issue({ name: "staying", validDays: [-1, 9] }));
    await Promise.all([ending.hears("welcome"), staying.hears("welcome")]);
    nowMs += 2 * dayMs;
    await ending.closed;
    expect(ending.refusal?.message).toMatch(/^the client's certificate expired on /);
    expect(served.expulsions.map(({ detail }) => detail)).toEqual([ending.refusal?.message]);
    staying.socket.write(frameOf("ping"));
    await staying.hears("pong");
  });

  test("leaves the outcome of what was under way open when it cuts a client off", async () => {
    const { endpoint, listener, service } = await serve({ ...server, ca: older.pem });
    const tls = { ca: older.pem, ...older.issue({ name: "leaving" }) };
    await using client = createClient({ endpoints: [endpoint], tls, retry: { budgetMs: 300 } });
    await client.counter("hits").add();
    const gate = Promise.withResolvers<void>();
    service.gate = gate.promise;
    const proposed = service.proposals.length;
    const [adding, moving] = [client.counter("hits").add(), client.transferLeadership()];
    await vi.waitFor(() => expect(service.proposals.length).toBe(proposed + 1));
    listener.setTls({ ...server, ca: newer.pem });
    gate.resolve();
    const unknown = { code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown" };
    // The transfer is not repeated, so its error has the only answer that there was.
    const message = expect.stringContaining("QUORATE_CERTIFICATE_REFUSED: the client's certificate is");
    await Promise.all([
      expect(adding).rejects.toMatchObject(unknown),
      expect(moving).rejects.toMatchObject({ ...unknown, message }),
    ]);
    expect(service.counters.values.get("hits")).toBe(2);
    await expect(client.counter("hits").get()).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE", outcome: "none" });
  });
});
