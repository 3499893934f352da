// A broker that is reached by TLS alone and knows its users by their certificates, as the README describes it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { Authority } from "@quorate/certificates";
import { plainCodec } from "@quorate/contracts/conformance";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { eventually } from "./eventually.ts";
import { beat, eventsOf, plainRoundsOf, Stage } from "./stage.ts";

const directory = mkdtempSync(join(tmpdir(), "quorate-nats-tls-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const authority = new Authority();
const ca = authority.pem;

/** What a client needs to be this user. */
function tlsOf(name: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  return { ca, ...authority.issue({ name, dnsNames: ["localhost"] }) };
}

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const broker = tlsOf("broker");
/** The second configuration in the README, with this test's files and cluster. */
const config = ([...readme.matchAll(/```hcl\n([^]*?)```/g)][1]?.[1] ?? "")
  .replaceAll("raft.orders.", "raft.c-1.")
  .replace('"broker.pem"', JSON.stringify(write("broker.pem", broker.cert)))
  .replace('"broker-key.pem"', JSON.stringify(write("broker-key.pem", broker.key)))
  .replace('"ca.pem"', JSON.stringify(write("ca.pem", ca)));

test("servers reach a broker by TLS, are known by their certificates, and cannot speak for each other", async () => {
  await using stage = await Stage.open(config);
  const servers = `tls://localhost:${stage.broker.port}`;
  const n1 = await stage.start("n1", { servers, tls: tlsOf("n1") });
  const n2 = await stage.start("n2", { servers, tls: tlsOf("n2") });
  await stage.untilDelivered(n1, n2);
  await stage.untilDelivered(n2, n1);
  const pretender = await connect({ servers: `localhost:${stage.broker.port}`, tls: tlsOf("n3") });
  onTestFinished(() => pretender.close());
  const message = beat("n1", "n2", 1);
  pretender.publish("raft.c-1.n2.n1", plainCodec().encode({ clusterId: "c-1", groupId: 0, incarnation: "x", message }));
  await pretender.flush();
  await stage.untilDelivered(n1, n2);
  expect(plainRoundsOf(n2)).toEqual([]);
});

test("a server without a certificate, or with one of another authority, does not get in", async () => {
  await using stage = await Stage.open(config);
  const servers = `tls://localhost:${stage.broker.port}`;
  const stranger = new Authority("Another authority").issue({ name: "n1", dnsNames: ["localhost"] });
  const settings = { servers, timeouts: { startMs: 500, connectMs: 500, pingMs: 200 } };
  const without = stage.prepare("n1", { ...settings, tls: { ca } });
  const foreign = stage.prepare("n2", { ...settings, tls: { ca, ...stranger } });
  await Promise.all([without.start(), foreign.start()]);
  expect([without.transport.isConnected, foreign.transport.isConnected]).toEqual([false, false]);
  await eventually(() => expect(eventsOf(without, "brokerUnreachable").length).toBe(1));
  await eventually(() => expect(eventsOf(foreign, "brokerUnreachable").length).toBe(1));
});

test("a broker whose certificate is of another authority is not trusted", async () => {
  await using stage = await Stage.open(config);
  const servers = `tls://localhost:${stage.broker.port}`;
  const { pem: other } = new Authority("Another authority");
  const n1 = stage.prepare("n1", { servers, tls: { ...tlsOf("n1"), ca: other }, timeouts: { startMs: 1000 } });
  await n1.start();
  expect(n1.transport.isConnected).toBe(false);
  expect(eventsOf(n1, "brokerUnreachable")[0]?.detail).toMatch(/certificate|CERT|SIGNATURE/);
});
