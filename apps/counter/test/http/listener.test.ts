// The sockets in front of the HTTP interface: their bounds, and how they end.

import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { type HttpListener, type ListenerLimits, listenHttp } from "../../src/http/listener.ts";
import { FakeService } from "./fake-node.ts";

type TestListener = AsyncDisposable & { readonly listener: HttpListener; readonly service: FakeService };

async function listen(limits: Partial<ListenerLimits> = {}): Promise<TestListener> {
  const service = new FakeService();
  const listener = await listenHttp({
    listen: { host: "127.0.0.1", port: 0 },
    handler: service.handle,
    onDefect: (error) => service.defects.push(error),
    limits,
  });
  return { listener, service, [Symbol.asyncDispose]: () => listener.close(0) };
}

function open({ listener }: TestListener): Socket {
  return connect(listener.address.port, listener.address.host).setEncoding("utf8");
}

/** Everything that arrives until the server closes the connection. */
async function received(socket: Socket): Promise<string> {
  let text = "";
  for await (const part of socket) text += String(part);
  return text;
}

/** Sends raw bytes and reads until the server closes the connection. */
function exchange(server: TestListener, request: string): Promise<string> {
  const socket = open(server);
  socket.write(request);
  return received(socket);
}

const increment =
  "POST /v1/counters/hits/increments HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n";

test.each([
  { name: "no HTTP", request: "hello\r\n\r\n", status: 400, code: "QUORATE_REQUEST_INVALID" },
  {
    name: "headers over 16 KiB",
    request: `GET /livez HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: "QUORATE_HEADERS_TOO_LARGE",
  },
  {
    name: "an impossible host",
    request: "GET /livez HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n",
    status: 400,
    code: "QUORATE_REQUEST_INVALID",
  },
])("$name is answered with $status as a problem", async ({ request, status, code }) => {
  await using listener = await listen();
  const answer = await exchange(listener, request);
  expect(answer).toContain(`HTTP/1.1 ${status}`);
  expect(answer.toLowerCase()).toContain("content-type: application/problem+json");
  expect(answer).toContain(`"code":"${code}"`);
});

test("a request that arrives too slowly is 408 as a problem", async () => {
  await using listener = await listen({ headersTimeoutMs: 20, requestTimeoutMs: 40, checkIntervalMs: 10 });
  const answer = await exchange(listener, increment);
  expect(answer).toContain("HTTP/1.1 408");
  expect(answer).toContain('"code":"QUORATE_REQUEST_TIMEOUT"');
  expect(listener.service.proposals).toBe(0);
});

test("more connections than allowed are closed at once", async () => {
  await using listener = await listen({ maxConnections: 1 });
  const first = open(listener);
  first.write("GET /livez HTTP/1.1\r\nhost: a\r\n\r\n");
  await new Promise((resolve) => first.once("data", resolve));
  expect(await exchange(listener, "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n")).toBe("");
  first.destroy();
});

test("closing waits for requests in progress, and tells their connections that this was the last", async () => {
  await using server = await listen();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.service.gate = promise;
  const socket = open(server);
  socket.write(`${increment}{"by":`);
  await connected(server);
  server.service.draining = true;
  const closing = server.listener.close(10_000);
  socket.write("7}");
  resolve();
  const answer = await received(socket);
  expect(answer).toContain("HTTP/1.1 200");
  expect(answer.toLowerCase()).toContain("connection: close");
  await closing;
  await expect(received(open(server))).rejects.toThrow("ECONNREFUSED");
});

test("closing gives up on requests that do not end in time", async () => {
  await using server = await listen();
  server.service.gate = new Promise(() => {});
  const socket = open(server);
  socket.write(`${increment}{"by":7}`);
  await connected(server);
  await server.listener.close(20);
  expect(await received(socket)).toBe("");
});

/** Resolves once the server has seen everything that was sent before. */
async function connected(server: TestListener): Promise<void> {
  const socket = open(server);
  socket.end("GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  await received(socket);
}
