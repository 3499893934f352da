// The same over real sockets: TCP, refusals to connect, and an orderly end.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { crc32 } from "@quorate/contracts";
import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../../src/index.ts";
import { serveClients } from "../../src/server/index.ts";
import { frameOf } from "../../src/wire/frame.ts";
import { encodeHello } from "../../src/wire/handshake.ts";
import { FakeService } from "./fake-service.ts";

async function serve() {
  const service = new FakeService();
  const parts = service.partsOf("a");
  const listener = await serveClients({ ...parts, listen: { host: "127.0.0.1", port: 0 } });
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
