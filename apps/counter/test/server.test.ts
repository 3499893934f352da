// A node with real files and sockets: what its log says, what its sockets bear, and how it ends.

import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { Authority } from "@quorate/certificates";
import { createClient } from "@quorate/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkConfig } from "../src/config/check.ts";
import type { Unchecked } from "../src/config/flags.ts";
import { type RunningServer, startServer } from "../src/server.ts";
import { initTls } from "../src/tls/init.ts";
import { replyOf } from "./http/fake-node.ts";
import { eventually } from "./support/eventually.ts";

let directory: string;
let lines: Record<string, unknown>[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "quorate-server-"));
  lines = [];
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A cluster of one; the system chooses its ports. */
function start(overrides: Unchecked = {}): Promise<RunningServer> {
  const raw = {
    cluster: "demo",
    id: "n1",
    data: join(directory, "n1"),
    members: { n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" } },
    listen: { peer: "127.0.0.1:0", http: "127.0.0.1:0" },
    raft: { electionTimeoutMs: [30, 60], heartbeatMs: 10 },
    ...overrides,
  };
  return startServer(checkConfig(raw, "test"), { write: (line) => void lines.push(JSON.parse(line)) });
}

async function increment(server: RunningServer): Promise<Record<string, unknown>> {
  return eventually("an increment is acknowledged", async () => {
    const reply = await replyOf(await fetch(`${server.url}/v1/counters/hits/increments`, { method: "POST" }));
    return reply.status === 200 ? reply.json : undefined;
  });
}

test("the log says ready with the addresses, as JSON lines that name the node", async () => {
  await using server = await start();
  const ready = lines.find(({ msg }) => msg === "ready");
  expect(ready).toMatchObject({ level: "info", cluster: "demo", node: "n1", http: server.url, members: ["n1"] });
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

test("a node with a client address serves the binary protocol there, and says where", async () => {
  await using server = await start({ listen: { peer: "127.0.0.1:0", http: "127.0.0.1:0", client: "127.0.0.1:0" } });
  expect(server.clientUrl).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  expect(lines.find(({ msg }) => msg === "ready")).toMatchObject({ client: server.clientUrl });
  await using client = createClient({ endpoints: [server.clientUrl ?? ""] });
  expect(await client.counter("hits").add()).toMatchObject({ value: 1 });
  expect(await client.status(server.clientUrl ?? "")).toMatchObject({ id: "n1", role: "leader" });
});

const everyPort = { peer: "127.0.0.1:0", http: "127.0.0.1:0", client: "127.0.0.1:0" };

test("a client port's certificate that cannot be read is named, and nothing stays open", async () => {
  const tls = { cert: join(directory, "missing.pem"), key: "k.pem" };
  await expect(start({ listen: everyPort, client: { tls } })).rejects.toMatchObject({
    code: "QUORATE_TLS_UNUSABLE",
    message: expect.stringContaining(`client.tls.cert is of no use: ${tls.cert} cannot be read (ENOENT)`),
  });
});

describe("the client port's certificate", () => {
  /** A certificate and key of a new authority in the node's files, valid for so many days. */
  async function writeCertificate(validDays: number): Promise<{ cert: string; key: string; pem: string }> {
    const made = mkdtempSync(join(directory, "tls-"));
    const { nodes } = await initTls({ directory: made, cluster: "demo", nodes: ["n1"], validDays, renew: false });
    const files = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
    copyFileSync(nodes[0]?.key ?? "", files.key);
    copyFileSync(nodes[0]?.cert ?? "", files.cert);
    return { ...files, pem: readFileSync(files.cert, "utf8") };
  }

  /** The certificate that a new client is shown. */
  async function shownAt(server: RunningServer): Promise<string> {
    const { hostname: host, port } = new URL(server.clientUrl ?? "");
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const shown = socket.getPeerX509Certificate()?.toString() ?? "";
    socket.destroy();
    return shown;
  }

  test("is exchanged without a restart, and its end is told", async () => {
    const { cert, key, pem } = await writeCertificate(365);
    await using server = await start({ listen: everyPort, client: { tls: { cert, key } } });
    expect(await shownAt(server)).toBe(pem.replaceAll("\r", ""));
    expect(lines.filter(({ msg }) => msg === "clientCertificateWarning")).toEqual([]);

    const next = await writeCertificate(3);
    await eventually("the new certificate is loaded", () =>
      lines.filter(({ msg }) => msg === "clientCertificateLoaded").length === 2 ? true : undefined,
    );
    expect(await shownAt(server)).toBe(next.pem.replaceAll("\r", ""));
    const warning = lines.find(({ msg }) => msg === "clientCertificateWarning");
    expect(warning).toMatchObject({ level: "warn", code: "QUORATE_CERTIFICATE_EXPIRING" });
  }, 20_000);

  function write(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  }

  test("is what a client needs too, and who is of an authority that was removed is cut off, which the log tells", async () => {
    const [older, newer] = [new Authority("Older authority"), new Authority("Newer authority")];
    const ca = write("clients.pem", older.pem);
    const own = older.issue({ name: "n1", ips: ["127.0.0.1"] });
    const files = { cert: write("n1.pem", own.cert), key: write("n1-key.pem", own.key), ca };
    await using server = await start({ listen: everyPort, client: { tls: files } });
    const tls = { ca: older.pem, ...older.issue({ name: "client" }) };
    await using client = createClient({ endpoints: [server.clientUrl ?? ""], tls, retry: { budgetMs: 2000 } });
    expect(await client.counter("hits").add()).toMatchObject({ value: 1 });
    write("clients.pem", newer.pem);
    const told = await eventually("a client is expelled", () => lines.find(({ msg }) => msg === "clientExpelled"));
    expect(told).toMatchObject({ level: "warn", code: "QUORATE_CERTIFICATE_REFUSED", client: expect.any(String) });
    await expect(client.counter("hits").add()).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE" });
  }, 20_000);
});

test("a restarted node has what it acknowledged", async () => {
  {
    await using server = await start();
    expect(await increment(server)).toMatchObject({ value: 1 });
  }
  await using server = await start();
  expect(await increment(server)).toMatchObject({ value: 2 });
});

test("what a node reports while it starts is in its log, such as that its own certificate ends soon", async () => {
  const tls = join(directory, "tls");
  const made = await initTls({ directory: tls, cluster: "demo", nodes: ["n1"], validDays: 3, renew: false });
  const { cert, key } = made.nodes[0] ?? {};
  await using server = await start({ transport: { type: "tcp", tls: { ca: made.ca, cert, key } } });
  expect(server.url).toContain("http");
  expect(lines.find(({ msg }) => msg === "certificateLoaded")).toMatchObject({ validUntilMs: expect.any(Number) });
  expect(lines.find(({ msg }) => msg === "transportWarning")).toMatchObject({
    level: "warn",
    code: "QUORATE_CERTIFICATE_EXPIRING",
  });
});

test("the configuration's lease reads reach the node", async () => {
  await using server = await start({ raft: { electionTimeoutMs: [30, 60], heartbeatMs: 10, leaseReads: true } });
  await increment(server);
  const answer = await eventually("a read is answered under the lease", async () => {
    const read = await fetch(`${server.url}/v1/counters/hits?consistency=lease`);
    return read.headers.get("raft-consistency") === "lease" ? read.json() : undefined;
  });
  expect(answer).toMatchObject({ name: "hits", value: 1 });
});

test("the configuration's policy for snapshots and its limits reach the node", async () => {
  await using server = await start({
    snapshots: { everyEntries: 5, retainEntries: 0, retainBytes: 0 },
    limits: { maxCommandBytes: 400 },
  });
  for (let written = 0; written < 12; written += 1) await increment(server);
  const firstIndex = await eventually("the log is cut behind a snapshot", async () => {
    const { firstIndex: index } = (await replyOf(await fetch(`${server.url}/v1/status`))).json;
    return Number(index) > 1 ? index : undefined;
  });
  expect(firstIndex).toBeGreaterThanOrEqual(5);
  const body = JSON.stringify({ value: "x".repeat(500) });
  const headers = { "content-type": "application/json" };
  const large = await fetch(`${server.url}/v1/registers/r`, { method: "PUT", headers, body });
  expect(large.status).toBe(413);
});

test("a running node takes a snapshot when it is told to, and shortens its log", async () => {
  await using server = await start({ snapshots: { retainEntries: 0 } });
  const { index } = await increment(server);
  const taken = await replyOf(await fetch(`${server.url}/v1/cluster/snapshot`, { method: "POST" }));
  expect(taken).toMatchObject({ status: 200, json: { node: "n1", index } });
  expect(taken.json["firstIndex"]).toBe(Number(index) + 1);
  expect(await increment(server)).toMatchObject({ value: 2 });
});

test("closing is idempotent and frees the address", async () => {
  const server = await start();
  await increment(server);
  await Promise.all([server.close(), server.close()]);
  expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(["stopping", "stopped"]));
  await expect(fetch(`${server.url}/livez`)).rejects.toThrow("fetch failed");
});

test("an HTTP address in use is named, and the data directory is free afterwards", async () => {
  await using first = await start();
  const taken = new URL(first.url).host;
  const second = { data: join(directory, "second"), listen: { peer: "127.0.0.1:0", http: taken } };
  await expect(start(second)).rejects.toMatchObject({
    code: "QUORATE_ADDRESS_IN_USE",
    message: `The HTTP address ${taken} is in use by another process.`,
  });
  await using again = await start({ data: join(directory, "second") });
  expect((await fetch(`${again.url}/livez`)).status).toBe(200);
});

test("a data directory in use is refused", async () => {
  await using first = await start();
  await expect(start()).rejects.toMatchObject({ code: "QUORATE_DATA_LOCKED" });
  expect((await fetch(`${first.url}/livez`)).status).toBe(200);
});

test("data of another cluster, and other members than at the first start, are refused", async () => {
  await (await start()).close();
  await expect(start({ cluster: "other" })).rejects.toMatchObject({ code: "QUORATE_CLUSTER_MISMATCH" });
  const members = {
    n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" },
    n2: { peer: "127.0.0.1:7102", http: "127.0.0.1:8102" },
  };
  await expect(start({ members })).rejects.toMatchObject({ code: "QUORATE_MEMBERS_MISMATCH" });
});

test("a body over the limit is 413 whether its length is announced or not", async () => {
  await using server = await start();
  const body = new Uint8Array(1024 * 1024 + 1).fill(0x20);
  const headers = { "content-type": "application/json" };
  const url = `${server.url}/v1/registers/r`;
  expect((await fetch(url, { method: "PUT", headers, body })).status).toBe(413);
  const init = { method: "PUT", headers, body: new Blob([body]).stream(), duplex: "half" };
  // `duplex` is missing in the types of fetch.
  expect((await fetch(url, init as RequestInit)).status).toBe(413);
});
