// A broker that is reached by TLS alone and knows its users by their certificates, as the README describes it.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import forge from "node-forge";
import { plainCodec } from "@quorate/contracts/conformance";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { eventually } from "./eventually.ts";
import { beat, eventsOf, plainRoundsOf, Stage } from "./stage.ts";

const { pki } = forge;
const directory = mkdtempSync(join(tmpdir(), "quorate-nats-tls-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Pair = { readonly certificate: forge.pki.Certificate; readonly privateKey: string };

/** A certificate for a name, and for connections to this machine; without `issuer` an authority. */
function makePair(name: string, issuer?: Pair): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = `01${randomBytes(8).toString("hex")}`;
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.setSubject([{ name: "commonName", value: name }]);
  certificate.setIssuer((issuer?.certificate ?? certificate).subject.attributes);
  certificate.setExtensions([
    { name: "basicConstraints", cA: issuer === undefined },
    ...(issuer === undefined ? [] : [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }]),
  ]);
  certificate.sign(pki.privateKeyFromPem(issuer?.privateKey ?? privateKey), forge.md.sha256.create());
  return { certificate, privateKey };
}

const authority = makePair("Test authority");
const ca = pki.certificateToPem(authority.certificate);

/** What a client needs to be this user. */
function tlsOf(name: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  const { certificate, privateKey } = makePair(name, authority);
  return { ca, cert: pki.certificateToPem(certificate), key: privateKey };
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
  const stranger = makePair("n1", makePair("Another authority"));
  const cert = pki.certificateToPem(stranger.certificate);
  const settings = { servers, timeouts: { startMs: 500, connectMs: 500, pingMs: 200 } };
  const without = stage.prepare("n1", { ...settings, tls: { ca } });
  const foreign = stage.prepare("n2", { ...settings, tls: { ca, cert, key: stranger.privateKey } });
  await Promise.all([without.start(), foreign.start()]);
  expect([without.transport.isConnected, foreign.transport.isConnected]).toEqual([false, false]);
  await eventually(() => expect(eventsOf(without, "brokerUnreachable").length).toBe(1));
  await eventually(() => expect(eventsOf(foreign, "brokerUnreachable").length).toBe(1));
});

test("a broker whose certificate is of another authority is not trusted", async () => {
  await using stage = await Stage.open(config);
  const servers = `tls://localhost:${stage.broker.port}`;
  const other = pki.certificateToPem(makePair("Another authority").certificate);
  const n1 = stage.prepare("n1", { servers, tls: { ...tlsOf("n1"), ca: other }, timeouts: { startMs: 1000 } });
  await n1.start();
  expect(n1.transport.isConnected).toBe(false);
  expect(eventsOf(n1, "brokerUnreachable")[0]?.detail).toMatch(/certificate|CERT|SIGNATURE/);
});
