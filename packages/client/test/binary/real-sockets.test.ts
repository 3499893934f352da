// The same over real sockets: TCP, TLS, refusals to connect, and an orderly end.
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { crc32 } from "@quorate/contracts";
import forge from "node-forge";
import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../../src/index.ts";
import { serveClients, type ServerTls } from "../../src/server/index.ts";
import { frameOf } from "../../src/wire/frame.ts";
import { encodeHello } from "../../src/wire/handshake.ts";
import { FakeService } from "./fake-service.ts";

const { pki } = forge;

async function serve(tls?: ServerTls) {
  const service = new FakeService();
  const parts = service.partsOf("a");
  const listener = await serveClients({
    ...parts,
    listen: { host: "127.0.0.1", port: 0 },
    ...(tls === undefined ? {} : { tls }),
  });
  onTestFinished(() => listener.close(0));
  return { service, listener, address: `127.0.0.1:${listener.address.port}` };
}

test("writes over TCP, many at once", async () => {
  const { address, service } = await serve();
  await using client = createClient({ endpoints: [`tcp://${address}`] });
  const results = await Promise.all(Array.from({ length: 500 }, () => client.counter("hits").add()));
  expect(results.map(({ value }) => value).toSorted((a, b) => a - b)).toEqual(results.map((_, each) => each + 1));
  expect(service.defects).toEqual([]);
});

test("a port that nobody listens on is unreachable and the write certainly not done", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  await new Promise((resolve) => void server.close(resolve));
  await using client = createClient({ endpoints: [`tcp://127.0.0.1:${port}`], retry: { budgetMs: 50 } });
  await expect(client.counter("hits").add()).rejects.toMatchObject({
    code: "QUORATE_UNREACHABLE",
    outcome: "none",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test("a frame that declares 2^32 - 1 bytes costs less than a mebibyte of memory", async () => {
  const { listener } = await serve();
  const declaring = frameOf("requests");
  const header = new DataView(declaring.buffer);
  header.setUint32(4, 2 ** 32 - 1);
  header.setUint32(8, crc32(declaring.subarray(0, 8)));
  const attack = async (): Promise<void> => {
    const socket = connect(listener.address);
    socket.write(frameOf("hello", encodeHello({ clusterId: undefined })));
    socket.write(declaring);
    socket.resume();
    await once(socket, "close");
  };
  await attack();
  const before = process.memoryUsage().rss;
  await attack();
  expect(process.memoryUsage().rss - before).toBeLessThan(1024 * 1024);
});

test("an address that is in use is refused with what to do", async () => {
  const { listener } = await serve();
  const parts = new FakeService().partsOf("a");
  await expect(serveClients({ ...parts, listen: listener.address })).rejects.toMatchObject({
    code: "QUORATE_ADDRESS_IN_USE",
  });
});

test("a listener that closes ends its connections, and can be closed twice", async () => {
  const { listener, address } = await serve();
  await using client = createClient({ endpoints: [`tcp://${address}`], retry: { budgetMs: 100 } });
  await client.counter("hits").add();
  await Promise.all([listener.close(1000), listener.close(1000)]);
  await expect(client.counter("hits").get()).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE" });
});

test("writes over TLS to a server whose authority is known, and not to another", async () => {
  const authority = selfSigned();
  const { address } = await serve({ cert: authority.cert, key: authority.key });
  await using client = createClient({ endpoints: [`tls://${address}`], tls: { ca: authority.cert } });
  expect(await client.counter("hits").add()).toMatchObject({ value: 1 });
  await using stranger = createClient({ endpoints: [`tls://${address}`], retry: { budgetMs: 200 } });
  await expect(stranger.counter("hits").add()).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE" });
});

test("a server that asks for certificates takes only clients that show one", async () => {
  const { cert, key } = selfSigned();
  const { address } = await serve({ cert, key, ca: cert });
  await using client = createClient({ endpoints: [`tls://${address}`], tls: { ca: cert, cert, key } });
  expect(await client.counter("hits").add()).toMatchObject({ value: 1 });
  await using stranger = createClient({ endpoints: [`tls://${address}`], tls: { ca: cert }, retry: { budgetMs: 200 } });
  await expect(stranger.counter("hits").add()).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE" });
});

/** A certificate for 127.0.0.1 that vouches for itself. */
function selfSigned(): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.setSubject([{ name: "commonName", value: "127.0.0.1" }]);
  certificate.setIssuer(certificate.subject.attributes);
  certificate.setExtensions([
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
  ]);
  certificate.sign(pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { cert: pki.certificateToPem(certificate), key: privateKey };
}
