// The same client over real sockets: the global fetch must show it redirects, resets and refusals as the fakes do.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createClient } from "../src/index.ts";

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map(stop));
});

async function serve(listener: RequestListener): Promise<{ readonly origin: string; readonly server: Server }> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // A TCP server's address is never a string.
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

const leader: RequestListener = (request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name: "hits", value: 1, index: 2, term: 3 }));
  });
};

test.each([307, 421])("follows a %i to the leader", async (status) => {
  const { origin: leaderOrigin } = await serve(leader);
  const { origin } = await serve((request, response) => {
    response.writeHead(status, { location: leaderOrigin + request.url, "raft-leader": "n2" }).end("{}");
  });
  await using client = createClient({ endpoints: [origin] });
  await expect(client.counter("hits").add()).resolves.toMatchObject({ value: 1 });
});

test("repeats a write whose connection was cut after it was sent", async () => {
  const keys: unknown[] = [];
  const { origin } = await serve((request, response) => {
    keys.push(request.headers["idempotency-key"]);
    if (keys.length === 1) request.socket.destroy();
    else leader(request, response);
  });
  await using client = createClient({ endpoints: [origin], random: () => 0 });
  await client.counter("hits").add(1, { idempotencyKey: "k" });
  expect(keys).toEqual(["k", "k"]);
});

test("a port that nobody listens on is unreachable and the write certainly not done", async () => {
  const { origin, server } = await serve(leader);
  await stop(server);
  await using client = createClient({ endpoints: [origin], retry: { budgetMs: 50 } });
  await expect(client.counter("hits").add()).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE", outcome: "none" });
});

test("a server that accepts and never answers runs into the attempt's time", async () => {
  const { origin } = await serve(() => {});
  await using client = createClient({ endpoints: [origin], retry: { budgetMs: 60, attemptTimeoutMs: 20 } });
  await expect(client.counter("hits").add()).rejects.toMatchObject({ code: "QUORATE_PROPOSAL_TIMEOUT" });
});
