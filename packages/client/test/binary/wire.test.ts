// The bytes on the wire: what is written is read again, and the bytes of version 1 stay as they are.
import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  maxSafeInteger,
  oneof,
  option,
  property,
  record,
  string,
  uint8Array,
} from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRead, decodeWrite, encodeRead, encodeWrite } from "../../src/operations/bytes.ts";
import { readAnswers, type WireAnswer, writeAnswer } from "../../src/wire/answers.ts";
import { frameOf, maxFrameBytes } from "../../src/wire/frame.ts";
import { FrameReader } from "../../src/wire/frame-reader.ts";
import { FrameWriter } from "../../src/wire/frame-writer.ts";
import {
  decodeHello,
  decodeRefusal,
  decodeWelcome,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
} from "../../src/wire/handshake.ts";
import { WireReader } from "../../src/wire/reader.ts";
import { readRequests, type WireCall, type WireRequest, writeRequest } from "../../src/wire/requests.ts";
import { WireWriter } from "../../src/wire/writer.ts";
import { hex, unhex } from "../sessions/tally.ts";

const number = maxSafeInteger();
const position = number.map(Math.abs);
const text = string({ unit: "grapheme", maxLength: 300 });

/** The bytes of a value, for comparison: views of different buffers are equal if their bytes are. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? [...part] : part)));

describe("values", () => {
  test("every whole number is read as it was written", () => {
    const edges = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
    assert(
      property(oneof(number, ...edges.flatMap((edge) => [constant(edge), constant(-edge)])), (value) => {
        const writer = new WireWriter(1);
        writer.integer(value);
        const reader = new WireReader(writer.take());
        expect(reader.integer("n") + 0).toBe(value + 0);
        reader.end();
      }),
      { numRuns: 1000 },
    );
  });

  test("whole numbers below 0 are read in every form that the format has for them", () => {
    const read = (...bytes: readonly number[]): number => new WireReader(new Uint8Array(bytes)).integer("n");
    expect(read(0xff)).toBe(-1);
    expect(read(0xd0, 0x80)).toBe(-128);
    expect(read(0xd1, 0xff, 0x7f)).toBe(-129);
    expect(read(0xd2, 0x80, 0, 0, 0)).toBe(-(2 ** 31));
    expect(read(0xd3, 0xff, 0xe0, 0, 0, 0, 0, 0, 1)).toBe(Number.MIN_SAFE_INTEGER);
    expect(() => read(0xd3, 0xff, 0xe0, 0, 0, 0, 0, 0, 0)).toThrow("beyond");
  });

  test("every text is read as it was written, and text over the limit is refused", () => {
    assert(
      property(text, (value) => {
        const writer = new WireWriter(1);
        writer.text(value);
        expect(new WireReader(writer.take()).text("t", 10_000)).toBe(value);
      }),
    );
    expect(() => new WireReader(unhex("a3616263")).text("t", 2)).toThrow(/3 bytes; 2 are allowed/);
  });

  test("whole numbers beyond 2^53 are refused, in both signs", () => {
    for (const bytes of ["cf0020000000000000", "d3ffe0000000000000"]) {
      expect(() => new WireReader(unhex(bytes)).integer("n")).toThrow(/2\^53/);
    }
  });

  test("a count that the bytes cannot hold is refused before anything is read", () => {
    expect(() => new WireReader(unhex("ddffffffff")).arrayLength("list")).toThrow(/list declares 4294967295 elements/);
  });

  test("text that is not UTF-8 is refused", () => {
    expect(() => new WireReader(unhex("a2c328")).text("t", 10)).toThrow(/not UTF-8/);
  });
});

const calls: Arbitrary<WireCall> = oneof(
  record({
    type: constantFrom("sessionWrite"),
    session: constant(7),
    sequence: constant(9),
    acknowledgedBelow: constant(3),
    command: uint8Array(),
  }),
  record({ type: constantFrom("write"), command: uint8Array({ maxLength: 300 }) }),
  record({
    type: constantFrom("read"),
    consistency: constantFrom("linearizable", "lease", "stale"),
    maxAgeMs: oneof(constant(undefined), position),
    query: uint8Array(),
    conditions: option(
      record({
        minIndex: position,
        forward: boolean(),
        maxWaitMs: option(
          position.filter((ms) => ms > 0),
          { nil: undefined },
        ),
      }),
      { nil: undefined },
    ),
  }),
  record({ type: constantFrom("watch"), minIndex: position, query: uint8Array() }),
  record({ type: constantFrom("cancel", "openSession", "status") }),
  record({ type: constantFrom("transfer"), to: oneof(constant(undefined), constant("n2")) }),
);
const errors = record({
  code: text,
  message: text,
  hint: text,
  retryable: boolean(),
  outcome: constantFrom("none", "unknown"),
  scope: constantFrom("request", "node", "load"),
  details: text,
});
const answers: Arbitrary<WireAnswer> = oneof(
  record({
    type: constantFrom("done"),
    index: position,
    term: position,
    consistency: constantFrom("lease", "stale"),
    replayed: boolean(),
    bytes: uint8Array(),
  }),
  record({ type: constantFrom("failed"), error: errors }),
  record({ type: constantFrom("redirected"), leaderId: constant("n1"), address: constant("127.0.0.1:8201") }),
  record({ type: constantFrom("event"), index: position, bytes: uint8Array() }),
);

describe("messages", () => {
  test("requests and answers are read as they were written, however the stream is cut", () => {
    assert(
      property(array(calls, { maxLength: 5 }), array(answers, { maxLength: 5 }), position, (sent, answered, cut) => {
        const toServer = new FrameWriter("requests");
        const toClient = new FrameWriter("answers");
        for (const [id, each] of sent.entries()) toServer.add((writer) => writeRequest(writer, id, each));
        for (const [id, each] of answered.entries()) toClient.add((writer) => writeAnswer(writer, id, each));
        const stream = Uint8Array.from([...toServer.take(), ...toClient.take()]);
        const heard: unknown[] = [];
        const reader = new FrameReader({ requests: maxFrameBytes, answers: maxFrameBytes }, (type, payload) => {
          if (type === "requests") readRequests(payload, (request: WireRequest) => heard.push(request.call));
          else readAnswers(payload, (_id, answer) => heard.push(answer));
        });
        const at = cut % stream.length;
        for (const part of [stream.subarray(0, at), stream.subarray(at)]) reader.push(part);
        expect(plain(heard)).toEqual(plain([...sent, ...answered]));
        expect(reader.isInsideFrame).toBe(false);
      }),
    );
  });

  test("a message larger than any frame is not added, and the frame stays as it was", () => {
    const frames = new FrameWriter("requests");
    const command = new Uint8Array(maxFrameBytes);
    expect(frames.add((writer) => writeRequest(writer, 1, { type: "write", command }))).toBe(false);
    expect(frames.count).toBe(0);
  });

  test("a frame that is cut costs memory for what has arrived, not for what is declared", () => {
    const reader = new FrameReader({ requests: maxFrameBytes }, () => {});
    reader.push(frameOf("requests", new Uint8Array(maxFrameBytes)).subarray(0, 100));
    expect(reader.isInsideFrame).toBe(true);
    expect(reader.bufferBytes).toBeLessThan(10_000);
  });
});

const message = (write: (writer: WireWriter) => void): string => {
  const writer = new WireWriter();
  write(writer);
  return hex(writer.take());
};

const goldenBytes: readonly (readonly [what: string, written: string, golden: string])[] = [
  ["hello", hex(frameOf("hello", encodeHello({ clusterId: undefined }))), "51430101 00000004 781c7dd9 92 91 01 c0"],
  [
    "welcome",
    hex(encodeWelcome({ version: 1, clusterId: "demo", nodeId: "n1", maxInFlight: 1024, sessionWindow: 128 })),
    "95 01 a464656d6f a26e31 cd0400 cc80",
  ],
  ["refusal", hex(encodeRefusal({ code: "C", message: "m", hint: "h" })), "93 a143 a16d a168"],
  [
    "write in a session",
    message((w) =>
      writeRequest(w, 5, {
        type: "sessionWrite",
        session: 300,
        sequence: 2,
        acknowledgedBelow: 1,
        command: Uint8Array.of(7),
      }),
    ),
    "96 05 01 cd012c 02 01 c40107",
  ],
  [
    "read",
    message((w) => writeRequest(w, 6, { type: "read", consistency: "stale", maxAgeMs: 500, query: Uint8Array.of(7) })),
    "95 06 03 02 cd01f4 c40107",
  ],
  [
    "read with conditions",
    message((w) =>
      writeRequest(w, 6, {
        type: "read",
        consistency: "linearizable",
        maxAgeMs: undefined,
        query: Uint8Array.of(7),
        conditions: { minIndex: 300, forward: true, maxWaitMs: undefined },
      }),
    ),
    "98 06 03 00 c0 c40107 cd012c c3 c0",
  ],
  [
    "read with a time to wait",
    message((w) =>
      writeRequest(w, 6, {
        type: "read",
        consistency: "stale",
        maxAgeMs: 500,
        query: Uint8Array.of(7),
        conditions: { minIndex: 0, forward: false, maxWaitMs: 750 },
      }),
    ),
    "98 06 03 02 cd01f4 c40107 00 c2 cd02ee",
  ],
  [
    "watch",
    message((w) => writeRequest(w, 7, { type: "watch", minIndex: 0, query: Uint8Array.of(7) })),
    "94 07 04 00 c40107",
  ],
  [
    "done",
    message((w) =>
      writeAnswer(w, 5, {
        type: "done",
        index: 9,
        term: 2,
        consistency: "linearizable",
        replayed: true,
        bytes: Uint8Array.of(1),
      }),
    ),
    "97 05 01 09 02 00 c3 c40101",
  ],
  [
    "redirected",
    message((w) => writeAnswer(w, 5, { type: "redirected", leaderId: "n2", address: "h:1" })),
    "94 05 03 a26e32 a3683a31",
  ],
  [
    "addition",
    hex(encodeWrite({ operation: { type: "counterAdd", name: "hits", by: -3 }, idempotencyKey: undefined })),
    "94 01 c0 a468697473 fd",
  ],
  [
    "compare and set",
    hex(
      encodeWrite({
        operation: { type: "registerCompareAndSet", key: "k", expected: undefined, value: "1" },
        idempotencyKey: "x",
      }),
    ),
    "95 03 a178 a16b c0 a131",
  ],
  [
    "set if absent",
    hex(
      encodeWrite({
        operation: { type: "registerSet", key: "k", value: "1", condition: { ifNoneMatch: "*" } },
        idempotencyKey: undefined,
      }),
    ),
    "95 02 c0 a16b a131 c2",
  ],
  [
    "delete at a revision",
    hex(
      encodeWrite({
        operation: { type: "registerDelete", key: "k", condition: { ifMatch: 9 } },
        idempotencyKey: undefined,
      }),
    ),
    "94 04 c0 a16b 09",
  ],
  ["query", hex(encodeRead({ type: "registerGet", key: "k" })), "92 02 a16b"],
];

describe("bytes of version 1", () => {
  test.each(goldenBytes)("%s", (_what, written, golden) => {
    expect(written).toBe(golden.replaceAll(" ", ""));
  });

  test("operations and greetings are read as they were written", () => {
    const operation = { type: "registerSet", key: "k", value: '{"a":1}', condition: { ifMatch: 3 } } as const;
    expect(decodeWrite(encodeWrite({ operation, idempotencyKey: "x" }))).toEqual({ operation, idempotencyKey: "x" });
    expect(decodeRead(encodeRead({ type: "counterGet", name: "ü" }))).toEqual({ type: "counterGet", name: "ü" });
    expect(decodeHello(encodeHello({ clusterId: "c" }))).toEqual({ versions: [1], clusterId: "c" });
    const welcome = { version: 1, clusterId: "c", nodeId: "n", maxInFlight: 2, sessionWindow: 3 };
    expect(decodeWelcome(encodeWelcome(welcome))).toEqual(welcome);
    const long = "ü".repeat(2000);
    const refusal = encodeRefusal({ code: "C", message: long, hint: long });
    expect(refusal.length).toBeLessThanOrEqual(1024);
    expect(decodeRefusal(refusal).code).toBe("C");
  });
});
