// What a broken or hostile peer may send: each is refused with its reason and its place, whatever the library would forgive.

import { codeOf, QuorateError } from "@quorate/contracts";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonCodec } from "../src/index.ts";
import { goldenEnvelopes, looseEnvelope } from "./messages.ts";

const codec = jsonCodec();
const seed = Number(process.env["QUORATE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const utf8 = (text: string) => new TextEncoder().encode(text);

function refusalOf(bytes: Uint8Array): QuorateError {
  try {
    codec.decode(bytes);
  } catch (error) {
    if (error instanceof QuorateError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

/** The refusal of a golden envelope in which some fields, by their path, are replaced; undefined removes a field. */
function refusalWith(name: string, changes: Readonly<Record<string, unknown>>): QuorateError {
  const envelope = looseEnvelope(name);
  for (const [path, value] of Object.entries(changes)) {
    const field = path.replace("message.", "");
    (path === field ? envelope : envelope.message)[field] = value;
  }
  return refusalOf(utf8(JSON.stringify(envelope)));
}

test.each([
  ["heartbeat-request", { v: 2 }, "v", /is 2, but only version 1 is known/],
  ["heartbeat-request", { v: undefined }, "v", /is missing/],
  ["heartbeat-request", { clusterId: 7 }, "clusterId", /is not text/],
  ["heartbeat-request", { clusterId: "x".repeat(257) }, "clusterId", /at most 256/],
  ["heartbeat-request", { incarnation: "\ud800" }, "incarnation", /is not text/],
  ["heartbeat-request", { groupId: -1 }, "groupId", /whole number/],
  ["heartbeat-request", { message: [] }, "message", /not an object/],
  ["heartbeat-request", { message: null }, "message", /not an object/],
  ["heartbeat-request", { "message.type": "gossip" }, "message.type", /not a word/],
  ["heartbeat-request", { "message.type": "constructor" }, "message.type", /not a word/],
  ["heartbeat-request", { "message.term": "7" }, "message.term", /whole number/],
  ["heartbeat-request", { "message.term": 1.5 }, "message.term", /whole number/],
  ["heartbeat-request", { "message.term": 2 ** 53 }, "message.term", /whole number/],
  ["heartbeat-request", { "message.round": undefined }, "message.round", /is missing/],
  ["pre-vote-granted", { "message.granted": 1 }, "message.granted", /true nor false/],
  ["pre-vote-granted", { "message.reason": "logBehind" }, "message.reason", /granted/],
  ["pre-vote-refused", { "message.reason": "mood" }, "message.reason", /not a word/],
  ["append-accepted", { "message.accepted": false }, "message.prevLogIndex", /is missing/],
  ["append-request", { "message.entries": {} }, "message.entries", /not an array/],
  ["append-request", { "message.entries": [null] }, "message.entries[0]", /not an object/],
])("refuses %s with %j", (name, changes, field, problem) => {
  const refusal = refusalWith(name, changes);
  expect(refusal.code).toBe("QUORATE_DECODE_FAILED");
  expect(refusal.details["field"]).toBe(field);
  expect(refusal.message).toMatch(problem);
});

test.each([
  [{ index: 43 }, "index", /42 must follow/],
  [{ term: 5 }, "term", /is 5 after term 6/],
  [{ kind: "empty" }, "data", /not empty in an empty entry/],
  [{ kind: "toString" }, "kind", /not a word/],
  [{ data: "AAA" }, "data", /not base64/],
  [{ data: "AA==\n" }, "data", /not base64/],
  [{ data: "AB==" }, "data", /not base64/],
  [{ data: "_-==" }, "data", /not base64/],
  [{ data: [1] }, "data", /not base64/],
])("refuses an entry with %j", (change, field, problem) => {
  const entry = { index: 42, term: 6, kind: "command", data: "AA==", ...change };
  const refusal = refusalWith("append-request", { "message.entries": [entry] });
  expect(refusal.details["field"]).toBe(`message.entries[0].${field}`);
  expect(refusal.message).toMatch(problem);
});

test.each([
  ["nothing", ""],
  ["space before", ' {"v":1}'],
  ["a line end after", '{"v":1}\n'],
  ["a byte order mark", '\ufeff{"v":1}'],
  ["two envelopes", "{}{}"],
  ["minus zero", JSON.stringify(looseEnvelope("heartbeat-request")).replace('"term":7', '"term":-0')],
])("refuses %s", (_what, text) => {
  expect(refusalOf(utf8(text)).code).toBe("QUORATE_DECODE_FAILED");
});

test("refuses text that is not UTF-8", () => {
  expect(refusalOf(Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d)).message).toMatch(/not JSON in UTF-8/);
});

test("refuses nesting that has no end without running out of stack", () => {
  expect(refusalOf(utf8(`{"v":${"[".repeat(1_000_000)}}`)).code).toBe("QUORATE_DECODE_FAILED");
  expect(refusalOf(utf8(`{"v":${"[".repeat(500_000)}${"]".repeat(500_000)}}`)).code).toBe("QUORATE_DECODE_FAILED");
});

test("a name of an object's ancestors is a field like any other, and changes nothing", () => {
  const text = JSON.stringify(looseEnvelope("heartbeat-request")).replace(
    '"round":12',
    '"round":12,"__proto__":{"granted":true},"constructor":1,"new":[1,{"x":null}]',
  );
  const { message } = codec.decode(utf8(text));
  expect(message).toEqual(looseEnvelope("heartbeat-request").message);
  expect("granted" in message).toBe(false);
});

test("carries an entry as large as its limit allows", () => {
  const data = new Uint8Array(6_000_000).map((_byte, position) => position % 251);
  const entry = { index: 1, term: 1, kind: "command", data } as const;
  const message = { type: "appendRequest", from: "n1", to: "n2", term: 1, prevLogIndex: 0, prevLogTerm: 0 } as const;
  const envelope = {
    clusterId: "c",
    groupId: 0,
    incarnation: "i",
    message: { ...message, entries: [entry], leaderCommit: 0 },
  };
  expect(codec.decode(codec.encode(envelope))).toEqual(envelope);
});

test.each([["\ud800"], ["x".repeat(257)]])("does not write the name %j", (from) => {
  const envelope = { clusterId: "c", groupId: 0, incarnation: "i", message: { type: "timeoutNow", to: "n2", term: 1 } };
  const attempt = () => codec.encode({ ...envelope, message: { ...envelope.message, type: "timeoutNow", from } });
  expect(attempt).toThrow(expect.objectContaining({ code: "QUORATE_ENCODE_FAILED" }));
});

test.each([[0], [1023], [1e9 + 0.5], [Number.NaN]])("does not take %j for a limit", (maxBytes) => {
  expect(() => jsonCodec({ maxBytes })).toThrow(expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID" }));
});

test("skips fields that a newer minor version adds, wherever they are", () => {
  const sent = goldenEnvelopes.map(([, envelope]) => envelope).find(({ message }) => message.type === "appendRequest");
  if (sent === undefined) throw new Error("no golden append");
  const loose = JSON.parse(new TextDecoder().decode(codec.encode(sent)));
  loose.traceId = "t-1";
  loose.message.priority = { level: 3 };
  for (const entry of loose.message.entries) entry.createdAtMs = 7;
  expect(codec.decode(utf8(JSON.stringify(loose)))).toEqual(sent);
});

test(`refuses or understands 10,000 damaged messages (seed ${seed})`, () => {
  const valid = goldenEnvelopes.map(([, envelope]) => codec.encode(envelope));
  const damaged = fc
    .record({
      original: fc.constantFrom(...valid),
      edits: fc.array(fc.tuple(fc.nat(300), fc.constantFrom(...utf8('{}[]":,0129-+.eE\\ntrufals/=A_'))), {
        maxLength: 4,
      }),
    })
    .map(({ original, edits }) => {
      const bytes = original.slice();
      for (const [position, value] of edits) bytes[position] = value;
      return bytes;
    });
  const behaves = (bytes: Uint8Array): boolean => {
    try {
      const envelope = codec.decode(bytes);
      expect(codec.decode(codec.encode(envelope))).toEqual(envelope);
      return true;
    } catch (error) {
      return codeOf(error) === "QUORATE_DECODE_FAILED";
    }
  };
  expect(() => fc.assert(fc.property(damaged, behaves), { seed, numRuns: 10_000 })).not.toThrow();
});
