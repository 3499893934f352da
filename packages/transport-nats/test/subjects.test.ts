// A name in a subject is one token, whatever it is made of, and never another name's.

import { plainCodec } from "@quorate/contracts/conformance";
import { expect, test } from "vitest";
import { natsTransport, tokenOf } from "../src/index.ts";
import { readServers } from "../src/servers.ts";
import { Subjects } from "../src/subjects.ts";

test.each([
  ["n1", "n1"],
  ["Node_1-a", "Node_1-a"],
  ["a.b", "a=2Eb"],
  ["*", "=2A"],
  [">", "=3E"],
  ["a b\t", "a=20b=09"],
  ["a=2Eb", "a=3D2Eb"],
  ["$SYS", "=24SYS"],
  ["中", "=E4=B8=AD"],
  ["\u{1f980}", "=F0=9F=A6=80"],
])("the name %j is the token %s", (name, token) => {
  expect(tokenOf(name)).toBe(token);
});

test.each([["", "\ud800"]])("%j is no token", (name) => {
  expect(tokenOf(name)).toBeUndefined();
});

test("a server listens for everybody and publishes as itself", () => {
  const subjects = new Subjects({ prefix: "raft.prod", clusterId: "orders.eu", nodeId: "n1" });
  expect(subjects.inbox).toBe("raft.prod.orders=2Eeu.n1.*");
  expect(subjects.outbox("n.2")).toBe("raft.prod.orders=2Eeu.n=2E2.n1");
  expect(subjects.outbox("")).toBeUndefined();
  expect(subjects.outbox("n".repeat(2000))).toBeUndefined();
  expect(subjects.senderToken("raft.prod.orders=2Eeu.n1.n=2E2")).toBe("n=2E2");
});

test.each([
  { prefix: "", clusterId: "c", nodeId: "n" },
  { prefix: "raft.>", clusterId: "c", nodeId: "n" },
  { prefix: "raft..x", clusterId: "c", nodeId: "n" },
  { prefix: "raft x", clusterId: "c", nodeId: "n" },
  { prefix: "raft", clusterId: "", nodeId: "n" },
  { prefix: "raft", clusterId: "c", nodeId: "" },
  { prefix: "raft", clusterId: "c", nodeId: "n".repeat(2000) },
])("refuses %j", (facts) => {
  expect(() => new Subjects(facts)).toThrow(expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID" }));
});

test("reads addresses and logins, and keeps the login out of the address", () => {
  expect(readServers("broker")).toEqual({ addresses: ["broker:4222"], login: {}, isTls: false });
  expect(readServers(["nats://u%40x:p@a:1", "nats://u%40x:p@[::1]:2"])).toEqual({
    addresses: ["a:1", "[::1]:2"],
    login: { user: "u@x", pass: "p" },
    isTls: false,
  });
  expect(readServers("tls://secret@a")).toEqual({ addresses: ["a:4222"], login: { token: "secret" }, isTls: true });
});

test.each([
  [[]],
  [[""]],
  [["http://a"]],
  [["nats://a/path"]],
  [["nats://a:99999"]],
  [["nats://u:p@a", "nats://v:q@b"]],
])("refuses the servers %j without repeating them", (servers) => {
  const attempt = () => natsTransport({ servers, codec: plainCodec() });
  expect(attempt).toThrow(expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID" }));
  expect(attempt).not.toThrow(/u:p/);
});

test.each([
  { limits: { maxMessageBytes: 1000 } },
  { limits: { maxMessageBytes: 1.5e6 + 0.5 } },
  { limits: { appendQueueBytes: 1 } },
  { limits: { totalQueueBytes: 1 } },
  { limits: { windowBytes: 1 } },
  { limits: { controlInFlightBytes: 1 } },
  { timeouts: { connectMs: 0 } },
  { timeouts: { startMs: Number.NaN } },
  { reconnect: { minMs: 100, maxMs: 50 } },
])("refuses the options %j", (options) => {
  expect(() => natsTransport({ servers: "nats://a", codec: plainCodec(), ...options })).toThrow(
    expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID" }),
  );
});
